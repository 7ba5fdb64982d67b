package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// placeFlags say where what is stored is found: on a server, or in the data folder of rlsguard serve,
// whether that runs or not.
type placeFlags struct {
	connect.Flags

	Data string `placeholder:"DIR" help:"Data folder of rlsguard serve, running or not, instead of a server."`
}

// storedFlags are placeFlags for commands that need the site key.
type storedFlags struct {
	placeFlags

	KeyFile string `placeholder:"FILE" help:"Site key of rlsguard serve. Default: site.key in DIR or the user's data directory."`
}

// stored is an open door to what is stored.
type stored struct {
	*operate.Operator
	key    []byte
	nc     *nats.Conn
	server *embedded.Embedded
	// explain names the right that a user lacks, where an error comes from that.
	explain func(error) error
}

// open connects, or starts a server on the folder that nobody else reaches. With fresh the folder
// need not be there yet.
func (f *storedFlags) open(ctx context.Context, p *terminal.Program, role string, fresh bool) (*stored, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	key, err := f.siteKey()
	if err != nil {
		return nil, err
	}
	s, err := f.placeFlags.open(ctx, p, role, fresh)
	if err == nil {
		s.key = key
	}
	return s, err
}

// check tells what of the options does not go together.
func (f *placeFlags) check() error {
	if f.Data != "" && (f.Nats != "" || f.ServerFlags != (connect.ServerFlags{})) {
		return errors.New(
			"--data finds the server of the folder: leave out --nats and the other connection options",
		)
	}
	return nil
}

// open is that of storedFlags, without the site key.
func (f *placeFlags) open(ctx context.Context, p *terminal.Program, role string, fresh bool) (*stored, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	s := &stored{explain: func(err error) error { return err }}
	if err := s.connect(ctx, p, f, role, fresh); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stored) connect(
	ctx context.Context,
	p *terminal.Program,
	f *placeFlags,
	role string,
	fresh bool,
) (err error) {
	var c *connect.Connection
	var domain jet.Domain
	if f.Data == "" {
		c, err = f.Connect(role)
	} else if c, err = s.openFolder(ctx, p, f.Data, role, fresh); c == nil && err == nil {
		s.nc, err = s.server.Connect()
		domain = s.server.Domain()
	}
	if err != nil {
		return err
	}
	if c != nil {
		s.nc, domain, s.explain = c.Conn, c.Domain.Inside(), c.Explain
	}
	s.Operator, err = operate.NewOperator(s.nc, domain)
	return err
}

// openFolder starts a server on a data folder; where rlsguard serve runs on it, it connects to that.
// A fresh one is for this process alone.
func (s *stored) openFolder(
	ctx context.Context,
	p *terminal.Program,
	dir, role string,
	fresh bool,
) (_ *connect.Connection, err error) {
	if _, err := os.Stat(filepath.Join(dir, "jetstream")); err != nil && !fresh {
		return nil, fmt.Errorf("--data: no rlsguard data in it: %w", err)
	}
	s.server, err = embedded.Start(ctx, embedded.Options{Dir: dir, Private: true, Fresh: fresh,
		Log: terminal.Logger(p, "error")})
	switch {
	case err == nil || !errors.Is(err, syscall.EWOULDBLOCK):
		return nil, err
	case fresh:
		return nil, whenInUse(err, "most likely by rlsguard serve: end that first")
	}
	running, none := connect.Inside(dir)
	if none != nil {
		return nil, whenInUse(err, "by another command, or by an rlsguard serve that is not ready: try again later")
	}
	c, err := running.Connect(role)
	if err != nil {
		return nil, fmt.Errorf("--data: rlsguard serve runs on %s: %w; give its address with --nats, and "+
			"--key-file %s", dir, err, filepath.Join(dir, "site.key"))
	}
	return c, nil
}

// whenInUse adds what to do to the error of a data folder that another process has. It is that of
// the lock on the folder.
func whenInUse(err error, what string) error {
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%w; %s", err, what)
	}
	return err
}

// siteKey reads the key of --key-file, else that of the data folder.
func (f *storedFlags) siteKey() ([]byte, error) {
	path := f.KeyFile
	switch {
	case path != "":
	case f.Data != "":
		path = filepath.Join(f.Data, "site.key")
	case f.Nats != "" || f.Context != "" || os.Getenv("NATS_URL") != "":
		return nil, errors.New(
			"--key-file is needed where the server is given by its address: the site key of rlsguard serve. " +
				"For serve --data DIR that is DIR/site.key; --data DIR alone finds both server and key",
		)
	default:
		dir, err := connect.DefaultDir()
		if err != nil {
			return nil, err
		}
		path = filepath.Join(dir, "site.key")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("site key: %w; give --data DIR of rlsguard serve, or --key-file", err)
		}
	}
	return connect.ReadKey(path)
}

func (s *stored) close() error {
	if s.nc != nil {
		s.nc.Close()
	}
	if s.server != nil {
		return s.server.Stop()
	}
	return nil
}
