package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/page"
)

// pageAs is the bus of a page that reads as the user page and answers as another, "" as the same.
func (d deployed) pageAs(t *testing.T, answerer string) *page.Bus {
	t.Helper()
	login := func(user string) connect.ServerFlags {
		return connect.ServerFlags{
			CA: d.ca, User: user, Pass: d.password(t, user), Domain: "RLSGUARD", Inbox: "_INBOX_" + user,
		}
	}
	c := pageCommand{Flags: connect.Flags{Nats: "tls://" + d.addr, ServerFlags: login("page")},
		Answer: answerer == ""}
	if answerer != "" {
		c.Answerer = answererFlags{User: answerer, Pass: d.password(t, answerer), Inbox: "_INBOX_" + answerer}
	}
	b, err := c.bus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// The page reads and asks as the user page. It answers as the reviewer, and not without.
func TestDeployedPage(t *testing.T) {
	s := deployedServer(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer serveDeployed(ctx, t, s, t.TempDir())()
	publishAs(ctx, t, s.connect(t, "producer"), "1-anna")
	b := s.pageAs(t, "reviewer")
	var flag checks.Flag
	watching, seen := context.WithCancel(ctx)
	take := func(f checks.Flag) error { flag = f; seen(); return nil }
	err := b.Watch(watching, page.Sight{
		Open: func(flags []checks.Flag) error {
			for _, f := range flags {
				return take(f)
			}
			return nil
		},
		Live: take,
	})
	if err != nil || flag.ID == "" {
		t.Fatalf("flag %q, %v", flag.ID, err)
	}
	if p, err := b.Timeline(ctx, flag.ID); err != nil || len(p.Flags) == 0 {
		t.Errorf("the timeline: %v", err)
	}
	data, err := ordercheck.Acknowledgement(&flag, facts.Acknowledgement{Author: "Practitioner/7",
		Date: moment.Instant(flag.AsOf)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.pageAs(t, "").Answer(ctx, data); err == nil || !strings.Contains(err.Error(),
		"answers are not taken here") {
		t.Errorf("as the user page: %v", err)
	}
	if err := b.Answer(ctx, data); err != nil {
		t.Fatalf("as the reviewer: %v", err)
	}
	waitState(ctx, t, s, flag.ID, checks.Acknowledged)
	for in := b.Inputs(ctx); in.Waiting != 0; in = b.Inputs(ctx) { // it is decided before it is acknowledged
		if ctx.Err() != nil {
			t.Fatalf("the reviewer may know what waits: %+v", in)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
