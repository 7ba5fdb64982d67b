package main

import "testing"

// The collector runs by what it has to look through, not by buffers, and more seldom where it costs
// too much.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		scan, live uint64
		share      float64
		want       int
	}{
		{0, 0, 1, 100},
		{40 << 20, 400 << 20, 1, 13},
		{40 << 20, 400 << 20, .4, 7},
		{400 << 20, 400 << 20, 1, 103},
		{1 << 20, 1 << 20, 1, 400},
	} {
		if got := pacePercent(c.scan, c.live, c.share); got != c.want {
			t.Errorf("%d MiB of %d to look through, share %.2f: %d %%, not %d", c.scan>>20, c.live>>20, c.share, got, c.want)
		}
	}
	share := paceMost
	for range 20 {
		share = paceShare(share, paceCost/2)
	}
	if share != paceLeast {
		t.Errorf("while collecting costs little the share comes down to %.2f", share)
	}
	for range 5 {
		share = paceShare(share, paceCost*2)
	}
	if share != paceMost {
		t.Errorf("while collecting costs much the share goes up to %.2f", share)
	}
}
