package page_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers/page"
	"github.com/rlsguard/rlsguard/consumers/rlsguardtest/bustest"
)

// asOf is the day on which the tests look at patients.
var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// patience is how long a browser may take: long, since build machines are busy.
const patience = time.Minute

// chromium is the browser of the tests. Without one, they are skipped with a message.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("RLSGUARD_CHROMIUM") == "required" {
		t.Fatal("no browser: install chromium")
	}
	t.Skip("no browser here (chromium): the page is not tested as a person sees it")
	return ""
}

// window is a browser window on a page.
type window struct {
	context.Context
	t        testing.TB
	patience time.Duration
}

// profile is a folder for a browser, which writes to it for a while after its end.
func profile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "browser")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 100 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	})
	return dir
}

// openWindow starts a browser with its own profile.
func openWindow(t *testing.T, width, height int) *window {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:0:0],
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(profile(t)), chromedp.WindowSize(width, height),
		chromedp.Flag("headless", true), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("font-render-hinting", "none"),
		chromedp.WSURLReadTimeout(patience),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); cancel() })
	if err := chromedp.Run(ctx, chromedp.EmulateViewport(int64(width), int64(height))); err != nil {
		t.Fatalf("the browser: %v", err)
	}
	return &window{ctx, t, patience}
}

// do runs actions and fails the test with the first that does not work in time.
func (w *window) do(actions ...chromedp.Action) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.Context, w.patience)
	defer cancel()
	for _, action := range actions {
		err := chromedp.Run(ctx, action)
		for ; moved(err) && ctx.Err() == nil; err = chromedp.Run(ctx, action) {
			time.Sleep(20 * time.Millisecond)
		}
		if err != nil {
			w.t.Fatalf("%v\n%s", err, w.text("body"))
		}
	}
}

// moved reports whether an element was replaced between being found and used, as on a live page.
func moved(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "node with given id") ||
		strings.Contains(err.Error(), "Could not compute") || strings.Contains(err.Error(),
		"not belong to the document"))
}

// text is what a person reads in an element.
func (w *window) text(selector string) (text string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.Context, w.patience)
	defer cancel()
	js := `(document.querySelector(` + "`" + selector + "`" + `) || {innerText: "(none)"})`
	js = "((e) => e.innerText ?? e.textContent)(" + js + ")"
	if err := chromedp.Run(ctx, chromedp.Evaluate(js, &text)); err != nil {
		w.t.Fatalf("%s: %v", selector, err)
	}
	return text
}

// until waits for a condition in JavaScript, even across a page change.
func (w *window) until(what, condition string) {
	w.t.Helper()
	var err error
	for deadline := time.Now().Add(w.patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(w.Context, w.patience)
		met := false
		err = chromedp.Run(ctx, chromedp.Evaluate("Boolean("+condition+")", &met))
		cancel()
		if met {
			return
		}
	}
	w.t.Fatalf("%s: %v\n%s", what, err, w.text("#patient"))
}

// shoot keeps a picture of the window as test output.
func (w *window) shoot(name string) {
	w.t.Helper()
	var picture []byte
	w.do(chromedp.CaptureScreenshot(&picture))
	if err := os.WriteFile(filepath.Join(screenshots(w.t), name+".png"), picture, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// screenshots is where pictures go: RLSGUARD_SCREENSHOTS, else what go test -artifacts keeps.
func screenshots(t testing.TB) string {
	if dir := os.Getenv("RLSGUARD_SCREENSHOTS"); dir != "" {
		return dir
	}
	return t.ArtifactDir()
}

// site is a bus with a page on it.
type site struct {
	*bustest.Bus
	page *page.Page
	url  string
	wire *wire // between page and bus
	log  *strings.Builder
}

func startSite(t *testing.T, change ...func(*page.Config)) *site {
	t.Helper()
	s := &site{Bus: bustest.Start(t, asOf, bustest.Options{}), log: &strings.Builder{}}
	server, user, _ := strings.Cut(s.URL, "://")
	at := strings.LastIndex(user, "@")
	s.wire = startWire(t, user[at+1:])
	link := &page.Link{}
	var err error
	link.Conn, err = nats.Connect(
		server+"://"+user[:at+1]+s.wire.Addr().String(), link.Option(),
		nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond),
	)
	if err != nil {
		t.Fatal(err)
	}
	bus := &page.Bus{Read: link, Write: link}
	c := page.Config{Source: bus, Now: func() time.Time { return asOf }, Log: zerolog.New(s.log)}
	for _, do := range change {
		do(&c)
	}
	if s.page, err = page.New(c); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(s.page.Handler())
	web.Start()
	s.url = web.URL
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.page.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		web.CloseClientConnections()
		web.Close()
		bus.Close()
		if err := <-ended; err != nil {
			t.Errorf("the page: %v", err)
		}
	})
	return s
}

// signIn opens the link, enters a name, and waits for the list.
func (s *site) signIn(w *window) {
	w.t.Helper()
	w.do(
		chromedp.Navigate(s.url+s.page.SignIn()),
		chromedp.WaitVisible("#author"), chromedp.SendKeys("#author", "Pharmacist 7"), chromedp.Click("button.main"),
		chromedp.WaitVisible("#rows"),
	)
	w.until("live", `document.querySelector("#sight.live")`)
}

// wire carries a connection and can be cut.
type wire struct {
	net.Listener
	mu   sync.Mutex
	cut  bool
	ends []net.Conn
}

func startWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l}
	t.Cleanup(func() { l.Close(); w.set(true) })
	go func() {
		for {
			near, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			far, err := net.Dial("tcp", to)
			if err != nil || !w.keep(near, far) {
				near.Close()
				continue
			}
			go func() { _, _ = io.Copy(near, far); near.Close() }()
			go func() { _, _ = io.Copy(far, near); far.Close() }()
		}
	}()
	return w
}

func (w *wire) keep(ends ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		for _, c := range ends {
			c.Close()
		}
		return false
	}
	w.ends = append(w.ends, ends...)
	return true
}

// set cuts the wire, or lets new connections through again.
func (w *wire) set(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	if cut {
		for _, c := range w.ends {
			c.Close()
		}
		w.ends = nil
	}
}
