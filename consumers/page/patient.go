package page

import (
	"encoding/json"
	"errors"

	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// Patient is an answer of rls.patient.
type Patient struct {
	timeline.Patient
	// Clears are single changes after which a flag would not be open, in words, by its id.
	Clears map[string][]string
}

// ReadPatient reads an answer. The consumer that gave it may be newer or older than the page: what
// one of them does not know is left out. Its error repeats nothing of the answer.
func ReadPatient(data []byte) (*Patient, error) {
	p := &Patient{Clears: map[string][]string{}}
	var more struct {
		Flags []struct {
			ID     string `json:"id"`
			Clears []struct {
				Text string `json:"text"`
			} `json:"clears"`
		} `json:"flags"`
	}
	if json.Unmarshal(data, &p.Patient) != nil || json.Unmarshal(data, &more) != nil {
		return nil, errors.New("the answer cannot be read")
	}
	for _, f := range more.Flags {
		for _, c := range f.Clears {
			p.Clears[f.ID] = append(p.Clears[f.ID], c.Text)
		}
	}
	return p, nil
}
