package main

import (
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// soakPatients are known where -patients is left out.
const soakPatients = 1500

// soakWorkers publish beside each other.
const soakWorkers = 4

// soak loads rlsguard serve, with its server inside, for minutes, and prints how much memory it takes
// after each. With entries for audit it has these, and was started again, before the load begins.
func (o *options) soak() error {
	patients := soakPatients
	if len(o.patients) > 0 {
		patients = o.patients[0]
	}
	s := &soaking{o: o, dir: filepath.Join(o.work, "soak"), patients: patients}
	if err := s.start(); err != nil {
		return err
	}
	defer func() { s.stop() }()
	if err := s.fill(); err != nil {
		return err
	}
	fmt.Printf("\nsoak: %d patients, %d events/s, %d minutes, %d entries for audit before\n",
		patients, o.rate, o.minutes, o.entries)
	fmt.Printf("%6s %9s %9s %9s %9s  %s\n", "minute", "events", "late s", "RSS MB", "CPU s",
		"messages in RLS, RLS_AUDIT, RLS_FLAGS")
	return s.run()
}

// soaking is one soak.
type soaking struct {
	o        *options
	dir      string
	patients int
	serve    *child
	nc       *nats.Conn
	js       jetstream.JetStream
}

// start starts serve on its folder, and connects to the server inside.
func (s *soaking) start() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return err
	}
	s.serve, err = background(s.o.bin, "serve", "--data", s.dir, "--listen", "127.0.0.1:0", "--http", address)
	if err != nil {
		return err
	}
	if err := s.serve.untilReady(func() string { return "http://" + address }); err != nil {
		return err
	}
	url, err := os.ReadFile(filepath.Join(s.dir, "nats.url"))
	if err != nil {
		return err
	}
	if s.nc, err = nats.Connect(strings.TrimSpace(string(url))); err != nil {
		return err
	}
	s.js, err = jetstream.New(s.nc, jetstream.WithPublishAsyncMaxPending(256))
	return err
}

func (s *soaking) stop() {
	if s.nc != nil {
		s.nc.Close()
	}
	s.serve.stop()
}

// fill makes all patients known where there are more than the load itself brings, stores entries for
// audit, and starts serve again over all of it.
func (s *soaking) fill() error {
	if s.o.entries == 0 {
		return nil
	}
	began := time.Now()
	for p := range s.patients {
		for _, doc := range soakFirst(p) {
			if _, err := s.js.PublishAsync("fhir.any", []byte(doc), jetstream.WithStallWait(startTimeout)); err != nil {
				return err
			}
		}
	}
	if err := s.settled(); err != nil {
		return err
	}
	s.filled(fmt.Sprint(s.patients, " patients"), began)
	body := []byte(strings.Repeat("x", soakEntry))
	for i := range s.o.entries {
		number := fmt.Sprint(1 + i%soakEach)
		m := &nats.Msg{
			Subject: fmt.Sprintf("rls.audit.%08x-0000-8000-8000-000000000000.%s", i/soakEach, number),
			Data:    body,
			Header:  nats.Header{"Rls-Number": {number}},
		}
		if _, err := s.js.PublishMsgAsync(m, jetstream.WithStallWait(startTimeout)); err != nil {
			return err
		}
	}
	if err := s.settled(); err != nil {
		return err
	}
	s.filled(fmt.Sprint(s.o.entries, " entries"), began)
	s.stop()
	return s.start()
}

// filled tells how filling goes.
func (s *soaking) filled(what string, began time.Time) {
	mb := megabytes(residentMemory(s.serve.cmd.Process.Pid))
	fmt.Printf("%s after %.0f s, RSS %.0f MB\n", what, time.Since(began).Seconds(), mb)
}

const (
	soakEntry = 2300 // bytes of an entry for audit
	soakEach  = 5    // of each flag
)

// settled waits until what was published is stored, decided, and out of RLS where it is for audit.
func (s *soaking) settled() error {
	<-s.js.PublishAsyncComplete()
	for end := time.Now().Add(startTimeout); time.Now().Before(end); time.Sleep(time.Second) {
		done, err := s.idle()
		if err != nil || done {
			return err
		}
	}
	return errors.New("soak: what was published is not settled")
}

func (s *soaking) idle() (bool, error) {
	ctx, cancel := contextOfOneCall()
	defer cancel()
	cons, err := s.js.Consumer(ctx, "FHIR", "rlsguard")
	if err != nil {
		return false, err
	}
	if info := cons.CachedInfo(); info.NumPending > 0 || info.NumAckPending > 0 {
		return false, nil
	}
	rls, err := s.js.Stream(ctx, "RLS")
	if err != nil {
		return false, err
	}
	_, err = rls.GetLastMsgForSubject(ctx, "rls.audit.>")
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return true, nil
	}
	return false, err
}

// run publishes at the rate, and tells of each minute.
func (s *soaking) run() error {
	var sent, failed atomic.Int64
	due := make(chan string, 64)
	var workers sync.WaitGroup
	for range soakWorkers {
		workers.Go(func() {
			for doc := range due {
				ctx, cancel := contextOfOneCall()
				if _, err := s.js.Publish(ctx, "fhir.any", []byte(doc)); err != nil {
					failed.Add(1)
				}
				cancel()
				sent.Add(1)
			}
		})
	}
	began := time.Now()
	total := s.o.rate * 60 * s.o.minutes
	load := newSoakLoad(s.patients)
	var seen []float64
	for i := range total {
		at := began.Add(time.Duration(i) * time.Second / time.Duration(s.o.rate))
		time.Sleep(time.Until(at))
		due <- load.next()
		if (i+1)%(s.o.rate*60) == 0 {
			seen = append(seen, s.tell(len(seen)+1, sent.Load(), time.Since(at)))
		}
	}
	close(due)
	workers.Wait()
	if n := failed.Load(); n > 0 {
		fmt.Printf("%d events were not stored\n", n)
	}
	most := 0.0
	for _, mb := range seen {
		most = max(most, mb)
	}
	late := seen[len(seen)/3:]
	grows, about := slope(late)
	fmt.Printf("most %.0f MB; %+.2f MB (± %.2f) a minute over the last %d minutes\n", most, grows, about, len(late))
	return nil
}

// tell prints one minute, and returns the resident memory in MB.
func (s *soaking) tell(minute int, events int64, late time.Duration) float64 {
	pid := s.serve.cmd.Process.Pid
	mb := megabytes(residentMemory(pid))
	var held []string
	ctx, cancel := contextOfOneCall()
	defer cancel()
	for _, name := range []string{"RLS", "RLS_AUDIT", "RLS_FLAGS"} {
		stream, err := s.js.Stream(ctx, name)
		if err != nil { // a version that has no such stream
			held = append(held, "-")
			continue
		}
		state := stream.CachedInfo().State
		held = append(held, fmt.Sprintf("%d (%.0f MB)", state.Msgs, megabytes(int64(state.Bytes))))
	}
	fmt.Printf("%6d %9d %9.1f %9.0f %9.0f  %s\n",
		minute, events, late.Seconds(), mb, processorTime(pid), strings.Join(held, ", "))
	return mb
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// slope is by how much what was seen grows from one to the next, by least squares, and the standard
// error of that: memory goes up and down with what the collector has just done.
func slope(seen []float64) (grows, about float64) {
	n := float64(len(seen))
	if n < 3 {
		return 0, math.Inf(1)
	}
	var x, y, xx, xy float64
	for i, v := range seen {
		x, y, xx, xy = x+float64(i), y+v, xx+float64(i*i), xy+float64(i)*v
	}
	grows = (n*xy - x*y) / (n*xx - x*x)
	rest := 0.0
	for i, v := range seen {
		off := v - y/n - grows*(float64(i)-x/n)
		rest += off * off
	}
	return grows, math.Sqrt(rest / (n - 2) / (xx - x*x/n))
}
