package consumers

import (
	"fmt"
	"strings"

	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir"
)

const (
	// mostHeader is how long a header of a dead letter may be, in bytes.
	mostHeader = 8 << 10
	// mostPlaces of one input are told in its letter, as far as the header holds them; the others
	// are counted.
	mostPlaces = 200
)

// places are those of one input that could not be read.
type places struct {
	pointers, details []string
	size, more        int
}

func (p *places) add(u *fhir.Unread) {
	detail := u.Pointer + ": " + u.Detail
	if p.size += len(detail) + 2; len(p.pointers) == mostPlaces || p.size > mostHeader-100 {
		p.more++
		return
	}
	p.pointers, p.details = append(p.pointers, u.Pointer), append(p.details, detail)
}

// partlyRead makes one letter for each input of which something could not be read, with all its
// places.
func partlyRead(results []fold.Result) (letters []fold.Result) {
	var all []places
	at := map[int]int{}
	for i := range results {
		for j := range results[i].Unread {
			n := results[i].Input
			if _, there := at[n]; !there {
				at[n] = len(all)
				all = append(all, places{})
				letters = append(letters, fold.Result{Input: n, Reason: layout.PartlyRead})
			}
			all[at[n]].add(&results[i].Unread[j])
		}
	}
	for i := range letters {
		p := &all[i]
		if p.more > 0 {
			p.details = append(p.details, fmt.Sprintf("and %d more", p.more))
		}
		letters[i].Pointer, letters[i].Detail = strings.Join(p.pointers, " "), strings.Join(p.details, "; ")
	}
	return letters
}
