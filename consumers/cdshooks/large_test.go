package cdshooks

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
)

// Large requests that do not end are held up to a number, whoever sends them. A further large one
// gets a card that says so, a small one its answer, and once they end there is room again.
func TestLargeRequestsThatDoNotEnd(t *testing.T) {
	d := newDoor(t, stored(t, rlsCondition), func(c *Config) { c.Timeout = 500 * time.Millisecond })
	const path = "/cds-services/rlsguard-order-sign"
	small := hookCall(hook.OrderSign, bundle(order("d1", "draft", "mirtazapine")), "{}")
	large := strings.Repeat(" ", smallBytes) + small
	var slow sync.WaitGroup
	var ends []*io.PipeWriter
	for range mostLarge {
		body, in := io.Pipe()
		ends = append(ends, in)
		slow.Go(func() {
			resp, err := http.Post(d.url+path, "application/json", body)
			if err == nil {
				resp.Body.Close()
			}
		})
		if _, err := io.WriteString(in, large[:smallBytes+1]); err != nil {
			t.Fatal(err)
		}
	}
	const crowd = "too many large requests at once"
	asked := func(body string) string {
		status, _, data := d.send(http.MethodPost, path, body)
		if status != http.StatusOK {
			t.Errorf("status %d: %s", status, data)
		}
		return string(data)
	}
	for end := time.Now().Add(time.Minute); !strings.Contains(asked(large), crowd); { // until all are being read
		if time.Now().After(end) {
			t.Fatal("a large request is answered beside those that do not end")
		}
	}
	if answer := asked(small); strings.Contains(answer, crowd) || !strings.Contains(answer, "irtazapine") {
		t.Errorf("a small request: %s", answer)
	}
	status, h, data := d.send(http.MethodPost, path+"/feedback", large)
	if status != http.StatusServiceUnavailable || h.Get("Retry-After") == "" {
		t.Errorf("feedback: status %d, %s", status, data)
	}
	for _, in := range ends {
		in.Close()
	}
	slow.Wait()
	if answer := asked(large); strings.Contains(answer, crowd) || !strings.Contains(answer, "irtazapine") {
		t.Errorf("when there is room again: %s", answer)
	}
}
