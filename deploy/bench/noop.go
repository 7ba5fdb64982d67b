package main

import (
	"bytes"
	"context"
	"errors"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// noop is what rlsguard does around its decisions, without any: it consumes, commits messages in
// atomic batches while it collects the next one, and acknowledges each event then.
type noop struct {
	nc    *nats.Conn
	inbox string
	reply *nats.Subscription // of inbox

	what     string  // perType, perFlag, or a number
	share    float64 // messages an event
	due      float64
	n        int
	patients int

	held    []jetstream.Msg // what out is about
	out     []*nats.Msg
	sent    []jetstream.Msg // what is on its way is about
	waiting bool            // something is
}

const (
	noopEvents   = 900
	noopMessages = 990
	// noopIdle is how long it waits for more events before it commits what it has.
	noopIdle = time.Millisecond

	perType = "type" // a message for each resource of a type that matters
	perFlag = "flag" // two for each event: a state and a flag
)

// noopDurable is the consumer of the no-op that writes what.
func noopDurable(what string) string { return "noop-" + strings.ReplaceAll(what, ".", "-") }

// runNoop consumes until it is interrupted.
func runNoop(args []string) error {
	if len(args) != 3 {
		return errors.New("noop URL WHAT PATIENTS")
	}
	url, what := args[0], args[1]
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	x := &noop{what: what}
	var err error
	if x.patients, err = strconv.Atoi(args[2]); err != nil {
		return err
	}
	if what != perType && what != perFlag {
		if x.share, err = strconv.ParseFloat(what, 64); err != nil {
			return err
		}
	}
	if x.nc, err = nats.Connect(url); err != nil {
		return err
	}
	defer x.nc.Close()
	x.inbox = nats.NewInbox()
	if x.reply, err = x.nc.SubscribeSync(x.inbox); err != nil {
		return err
	}
	it, err := x.messages(ctx)
	if err != nil {
		return err
	}
	defer it.Stop()
	return x.consume(ctx, it)
}

func (x *noop) messages(ctx context.Context) (jetstream.MessagesContext, error) {
	js, err := jetstream.New(x.nc)
	if err != nil {
		return nil, err
	}
	_, err = js.CreateOrUpdateStream(
		ctx,
		jetstream.StreamConfig{Name: "NOOP", Subjects: []string{"noop.state.*", "noop.commit.*"}, MaxMsgsPerSubject: 1,
			AllowAtomicPublish: true, RePublish: &jetstream.RePublish{Source: "noop.commit.>",
				Destination: "noop.flags.>"}},
	)
	if err != nil {
		return nil, err
	}
	cons, err := js.CreateOrUpdateConsumer(
		ctx,
		"FHIR",
		jetstream.ConsumerConfig{
			Durable:       noopDurable(x.what),
			AckPolicy:     jetstream.AckExplicitPolicy,
			MaxAckPending: 20 * noopEvents,
		},
	)
	if err != nil {
		return nil, err
	}
	return cons.Messages(jetstream.PullMaxMessages(2 * noopEvents))
}

func (x *noop) consume(ctx context.Context, it jetstream.MessagesContext) error {
	for {
		wait, cancel := context.WithTimeout(ctx, noopIdle)
		m, err := it.Next(jetstream.NextContext(wait))
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, context.DeadlineExceeded):
			if err := errors.Join(x.flush(), x.settle()); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		x.take(m)
		if len(x.held) == noopEvents || len(x.out) >= noopMessages {
			if err := x.flush(); err != nil {
				return err
			}
		}
	}
}

// take makes the messages of an event.
func (x *noop) take(m jetstream.Msg) {
	x.held = append(x.held, m)
	head := m.Data()[:min(64, len(m.Data()))]
	switch {
	case x.what == perFlag:
		x.write("noop.state.", "noop.commit.")
	case x.what == perType && slices.ContainsFunc(matter, func(typ []byte) bool { return bytes.Contains(head, typ) }):
		x.write("noop.state.")
	}
	for x.due += x.share; x.due >= 1; x.due-- {
		x.write("noop.state.")
	}
}

var matter = [][]byte{[]byte("MedicationRequest"), []byte("Observation"), []byte("Condition")}

// write adds a message for each kind, about a patient as they come in no order.
func (x *noop) write(kinds ...string) {
	x.n++
	for _, k := range kinds {
		x.out = append(
			x.out,
			&nats.Msg{Subject: k + strconv.Itoa(x.n*7919%x.patients), Data: payload, Header: nats.Header{}},
		)
	}
}

var payload = bytes.Repeat([]byte("s"), 600)

// flush sends what there is, after the batch before is stored and acknowledged.
func (x *noop) flush() error {
	if err := x.settle(); err != nil {
		return err
	}
	if len(x.out) > 0 {
		last, err := batch(x.nc, x.out)
		if err != nil {
			return err
		}
		last.Reply = x.inbox
		if err := x.nc.PublishMsg(last); err != nil {
			return err
		}
	}
	x.waiting = len(x.out) > 0
	x.sent, x.held, x.out = x.held, nil, nil
	return nil
}

// settle waits for the commit on its way and acknowledges its events.
func (x *noop) settle() error {
	if x.waiting {
		m, err := x.reply.NextMsg(time.Minute)
		if err != nil {
			return err
		}
		if err := committed(m); err != nil {
			return err
		}
		x.waiting = false
	}
	for _, m := range x.sent {
		if err := m.Ack(); err != nil {
			return err
		}
	}
	x.sent = nil
	return nil
}
