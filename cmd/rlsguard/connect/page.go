package connect

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/page"
)

// PageFlags are the options of the page, wherever it runs.
type PageFlags struct {
	Author  string        `name:"page-author" placeholder:"WHO" group:"page" help:"Who answers: a reference such as Practitioner/7, or a name. Default: each user is asked at sign-in."`
	Records string        `name:"page-records" placeholder:"URL" group:"page" help:"Turn references into links: address in your own system, with {type} and {id}."`
	Session time.Duration `name:"page-session" default:"12h" placeholder:"TIME" group:"page" help:"How long a sign-in lasts."`
}

// CheckPage tells what is wrong with the address of a page. Only this machine gets one: the link is
// all that lets a user in.
func CheckPage(option, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s: %w", option, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf(
			"%s %s can be reached from other machines: the page answers on this machine only, "+
				"as long as its users sign in by a link; give 127.0.0.1:PORT",
			option, address,
		)
	}
	return nil
}

// PageDoor is the page as it is served.
type PageDoor struct {
	// Link lets a user in; who has it may read every flag.
	Link string

	web   *http.Server
	stop  context.CancelFunc
	ended sync.WaitGroup
	file  string
	log   zerolog.Logger
	also  func()
}

// Also lets Close do something at its end.
func (d *PageDoor) Also(do func()) { d.also = do }

// OpenPage serves the page on an address. It ends with Close. With a folder, page.url in it holds
// the link, for its owner alone.
func OpenPage(ctx context.Context, address, dir string, c page.Config) (*PageDoor, error) {
	p, err := page.New(c)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	d := &PageDoor{Link: "http://" + listener.Addr().String() + p.SignIn(), log: c.Log}
	if dir != "" {
		d.file = filepath.Join(dir, "page.url")
		if err := writeFile(d.file, d.Link, 0o600); err != nil {
			return nil, errors.Join(err, listener.Close())
		}
	}
	ctx, d.stop = context.WithCancel(ctx)
	d.web = &http.Server{
		Handler: p.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog:    stdlog.New(zerolog.Nop(), "", 0),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	d.ended.Go(func() { d.follow(ctx, p) })
	d.ended.Go(func() {
		if err := d.web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			d.log.Error().Err(err).Msg("the page ended")
		}
	})
	return d, nil
}

// follow keeps the list of the page. Streams may be made only after it began.
func (d *PageDoor) follow(ctx context.Context, p *page.Page) {
	for ctx.Err() == nil {
		err := p.Run(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		d.log.Debug().Err(err).Msg("the page reads the flags again")
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// Close ends the page. Live lists end with it.
func (d *PageDoor) Close() {
	if d == nil {
		return
	}
	d.stop()
	endWeb(d.web)
	if d.file != "" {
		os.Remove(d.file)
	}
	d.ended.Wait()
	if d.also != nil {
		d.also()
	}
}

// PageConfig is what the flags say of a page.
func (f *PageFlags) PageConfig() page.Config {
	return page.Config{Author: strings.TrimSpace(f.Author), RecordURL: f.Records, Session: f.Session}
}

// PageLink connects for a page, which has to see when a link died without a word.
func (s Server) PageLink(role string) (*page.Link, error) {
	l := &page.Link{}
	var err error
	l.Conn, err = nats.Connect(s.URL, append([]nats.Option{
		nats.Name("rlsguard " + role), nats.Timeout(5 * time.Second), nats.MaxReconnects(-1),
		nats.PingInterval(5 * time.Second), nats.MaxPingsOutstanding(2), nats.ReconnectWait(time.Second),
		l.Option(),
	}, s.Options...)...)
	if err != nil {
		return nil, err
	}
	if err := tryInbox(l.Conn); err != nil {
		l.Conn.Close()
		return nil, err
	}
	return l, nil
}
