package patients

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/record"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// errTooLarge: even without all that may be left out.
var errTooLarge = errors.New("the timeline is larger than the largest payload")

// headerRoom is left of the largest payload for headers, which count too.
const headerRoom = 1 << 10

// fitted is p as JSON. What makes it too large is left out, the least wanted first, and told:
// texts of old transitions, reasons for silence about single orders, then older orders that do not
// count and older results, half of them at a time.
func fitted(p *timeline.Patient, largest int) ([]byte, error) {
	steps := []func(*timeline.Patient) string{shortHistory, fewerSilences}
	for range 16 {
		steps = append(steps, fewerOrders, fewerResults)
	}
	for _, step := range steps {
		data, err := json.Marshal(p)
		if err != nil || len(data)+headerRoom <= largest {
			return data, err
		}
		if told := step(p); told != "" && !strings.Contains(p.Gap, told) {
			p.Gap = strings.TrimSpace(p.Gap + " " + told)
		}
	}
	data, err := json.Marshal(p)
	if err == nil && len(data)+headerRoom > largest {
		err = errTooLarge
	}
	return data, err
}

func shortHistory(p *timeline.Patient) string {
	for i := range p.Flags {
		for j := range p.Flags[i].History {
			p.Flags[i].History[j].Summary = ""
		}
	}
	return "The texts of older changes were too long to be sent."
}

func fewerSilences(p *timeline.Patient) string {
	p.Silences = slices.DeleteFunc(p.Silences, func(s timeline.Silence) bool { return s.Order != "" })
	return "Why single orders raise no flag was too long to be sent."
}

// fewerOrders leaves out the older half of the orders that do not count.
func fewerOrders(p *timeline.Patient) string {
	n := 0
	for _, o := range p.Orders {
		if !o.Counts {
			n++
		}
	}
	n = (n + 1) / 2
	if n == 0 {
		return ""
	}
	p.Orders = slices.DeleteFunc(p.Orders, func(o record.Order) bool {
		if n > 0 && !o.Counts {
			n--
			return true
		}
		return false
	})
	return "Older orders that do not count were too many to be sent."
}

func fewerResults(p *timeline.Patient) string {
	left := ""
	for i := range p.Results {
		if s := &p.Results[i]; len(s.Points) > 2 {
			s.Points = s.Points[len(s.Points)/2:]
			left = "Older results were too many to be sent."
		}
	}
	return left
}
