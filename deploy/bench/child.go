package main

import (
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// child is a program that runs until it is told to end.
type child struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has
}

func background(argv ...string) (*child, error) {
	c := &child{cmd: exec.Command(argv[0], argv[1:]...), ended: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = io.Discard, io.Discard
	c.cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.cmd.Wait() // that it was killed is no news
		close(c.ended)
	}()
	return c, nil
}

// stop tells it to end, kill is kill -9. Both return when it has ended; one that has already is
// fine.
func (c *child) stop() { c.signal(os.Interrupt) }
func (c *child) kill() { c.signal(os.Kill) }

func (c *child) signal(s os.Signal) {
	_ = c.cmd.Process.Signal(s)
	<-c.ended
}

// untilReady waits until serve, whose address is told as soon as it is known, says that it is
// ready; where it never does it is killed.
func (c *child) untilReady(address func() string) error {
	timeout := time.After(startTimeout)
	for {
		select {
		case <-c.ended:
			return errors.New("serve ended before it was ready")
		case <-timeout:
			c.kill()
			return errors.New("serve does not get ready")
		case <-time.After(5 * time.Millisecond):
		}
		if url := address(); url != "" && ready(url) {
			return nil
		}
	}
}

// ready asks serve.
func ready(url string) bool {
	r, err := http.Get(url + "/readyz")
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == http.StatusOK
}
