package connect

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
)

const (
	AskTimeout = 10 * time.Second
	// askPatience is how long a serve that has just begun may take until it answers.
	askPatience = 2 * time.Second
)

func Ask(nc *nats.Conn, draft []byte, accept string) ([]byte, error) {
	request := nats.Msg{Subject: ordercheck.Subject, Data: draft, Header: nats.Header{"Accept": []string{accept}}}
	m, err := nc.RequestMsg(&request, AskTimeout)
	for began := time.Now(); errors.Is(err, nats.ErrNoResponders) && time.Since(began) < askPatience; {
		time.Sleep(askPatience / 20)
		m, err = nc.RequestMsg(&request, AskTimeout)
	}
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf(
			"nobody answers %s at %s: is rlsguard serve running there, and ready?",
			ordercheck.Subject,
			jet.WithoutCredentials(nc.ConnectedUrl()),
		)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", ordercheck.Subject, err)
	}
	if text := m.Header.Get(micro.ErrorHeader); text != "" {
		return nil, fmt.Errorf(
			"%s: %s (%s)%s",
			ordercheck.Subject,
			terminal.Harmless(text),
			m.Header.Get(micro.ErrorCodeHeader),
			terminal.Harmless(detailOf(m.Data)),
		)
	}
	return m.Data, nil
}

// DetailOf is what an error says beyond its headers.
func detailOf(data []byte) string {
	var u ordercheck.Unread
	if json.Unmarshal(data, &u) != nil {
		return ""
	}
	words := []string{}
	for _, w := range []string{u.Pointer, u.Detail} {
		if w != "" {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return ": " + strings.Join(words, ": ")
}
