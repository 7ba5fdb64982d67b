package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/jet"
)

type setupCommand struct {
	connect.Flags

	Replicas  int `default:"1" help:"Replicas of new streams; 3 in a cluster."`
	AuditDays int `default:"400" placeholder:"DAYS" help:"Days to keep every transition, and feedback on cards, for audit."`
	DeadDays  int `placeholder:"DAYS" help:"Days to keep rejected input. Default: 90 for a new stream; existing streams are left unchanged."`
}

// Help is shown below the options.
func (setupCommand) Help() string {
	return `Examples:
  rlsguard setup --context admin --replicas 3
  rlsguard setup --nats tls://nats.example.org:4222 --user admin \
    --password-file admin.password \
    --js-domain RLSGUARD --inbox-prefix _INBOX_admin

Creates missing streams and leaves existing ones unchanged. rlsguard serve does this itself if its user may. With the accounts in deploy/ its user may not: run this once as admin.`
}

const setupTimeout = 30 * time.Second

// Run makes the streams.
func (c *setupCommand) Run(p *terminal.Program) (err error) {
	if c.Replicas < 1 || c.AuditDays < 1 || c.DeadDays < 0 {
		return errors.New("--replicas, --audit-days and --dead-days must be above 0")
	}
	ctx, stop := terminal.Interruptible()
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	nc, err := c.Connect("setup")
	if err != nil {
		return err
	}
	defer nc.Close()
	defer func() { err = nc.Explain(err) }()
	js, err := jet.New(nc.Conn, nc.Domain.Inside(), jetstream.WithDefaultTimeout(setupTimeout))
	if err != nil {
		return err
	}
	before, err := jet.Creations(ctx, js)
	if err != nil {
		return err
	}
	if err := jet.MakeStreams(ctx, js, c.Replicas); err != nil {
		return err
	}
	keep := time.Duration(c.AuditDays) * 24 * time.Hour
	if err := jet.MakeFeedback(ctx, js, c.Replicas, keep); err != nil {
		return err
	}
	if err := errors.Join(jet.KeepAudit(ctx, js, keep), jet.KeepFeedback(ctx, js, keep)); err != nil {
		return err
	}
	again, err := audit.Mend(ctx, js)
	if err != nil {
		return err
	}
	if again {
		terminal.Tell(p.Stderr, "entries missing from RLS_AUDIT are copied again")
	}
	if c.DeadDays > 0 {
		if err := jet.KeepDead(ctx, js, time.Duration(c.DeadDays)*24*time.Hour); err != nil {
			return err
		}
	}
	after, err := jet.Creations(ctx, js)
	if err != nil {
		return err
	}
	var made []string
	for name, created := range after {
		if !created.Equal(before[name]) {
			made = append(made, name)
		}
	}
	if len(made) == 0 {
		terminal.Tell(p.Stderr, "all streams exist")
		return nil
	}
	slices.Sort(made)
	terminal.Tell(p.Stderr, "created %s; all streams exist", strings.Join(made, ", "))
	return nil
}
