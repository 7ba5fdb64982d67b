package patients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/micro"

	"github.com/rlsguard/rlsguard/consumers/commit"
)

// Subject is where timelines are asked for. Who may, learns all that is known of any patient whose
// flag or token they have: it is a right of its own.
const Subject = "rls.patient"

// Codes of errors, in the header Nats-Service-Error-Code. They go by HTTP, as those of rls.check.
const (
	codeUnreadable = "400"
	codeUnknown    = "404"
	codeInternal   = "500"
	codeNotReady   = "503" // the stored states are not read yet: ask again
)

const failedText = "the timeline could not be made"

// Serve adds the endpoint to a service, one question at a time. Replies have to fit the largest
// payload that the server takes, in bytes.
func (t *Teller) Serve(svc micro.Service, largest int64) error {
	handle := func(req micro.Request) { t.handle(req, int(largest)) }
	err := svc.AddEndpoint("patient", micro.HandlerFunc(handle), micro.WithEndpointSubject(Subject),
		micro.WithEndpointMetadata(map[string]string{
			"request_schema": compact(requestSchema), "response_schema": replySchema(),
		}))
	if err != nil {
		return fmt.Errorf("endpoint %s: %w", Subject, err)
	}
	return nil
}

func compact(schema string) string { return strings.Join(strings.Fields(schema), " ") }

// handle answers one request. What it cannot send was not wanted any more.
func (t *Teller) handle(req micro.Request, largest int) {
	began, outcome := time.Now(), outcomeFailed
	defer func() {
		if recover() != nil {
			outcome = outcomeFailed
			_ = req.Error(codeInternal, failedText, errorBody(failedText))
		}
		t.Metrics.Count(outcome, time.Since(began))
	}()
	data, err := t.answer(req.Data(), largest)
	if err != nil {
		var code, text string
		outcome, code, text = refusal(err)
		_ = req.Error(code, text, errorBody(text))
		return
	}
	outcome = outcomeTold
	_ = req.Respond(data, micro.WithHeaders(micro.Headers{"Content-Type": []string{"application/json"}}))
}

// answer is the timeline that is asked for, in no more than largest bytes.
func (t *Teller) answer(data []byte, largest int) ([]byte, error) {
	p, err := t.tell(context.Background(), data)
	if err != nil {
		return nil, err
	}
	return fitted(&p, largest)
}

// refusal says what is wrong. Texts are from a closed list: no part of the request is repeated.
func refusal(err error) (outcome, code, text string) {
	switch {
	case errors.Is(err, errUnreadable):
		return outcomeUnreadable, codeUnreadable, errUnreadable.Error()
	case errors.Is(err, errUnknown):
		return outcomeUnknown, codeUnknown, errUnknown.Error()
	case errors.Is(err, commit.ErrNotReady):
		return outcomeNotReady, codeNotReady, commit.ErrNotReady.Error()
	}
	return outcomeFailed, codeInternal, failedText
}

// errorBody repeats the text of an error in the body. An answer without a body, whose reply subject
// somebody chose well, is an acknowledgement to JetStream.
func errorBody(text string) []byte {
	data, err := json.Marshal(struct {
		Error string `json:"error"`
	}{text})
	if err != nil {
		return []byte("{}")
	}
	return data
}
