package patients

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// mostBytes a question may have; one has less than a hundred.
const mostBytes = 4 << 10

// Errors of a question that has no answer. None repeats a part of it.
var (
	errUnreadable = errors.New(
		"cannot read the request: expected {\"flag\": ID} or {\"patient\": TOKEN}",
	)
	errUnknown = errors.New("nothing is known of such a patient or flag")
)

// question names a patient by one of the patient's flags, or by token.
type question struct {
	flag  string
	token layout.Token
}

// readQuestion reads {"flag": ID} or {"patient": TOKEN}, and nothing else. The error is
// errUnreadable.
func readQuestion(data []byte) (question, error) {
	var in struct {
		Flag    *string `json:"flag"`
		Patient *string `json:"patient"`
	}
	if len(data) > mostBytes {
		return question{}, errUnreadable
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil {
		return question{}, errUnreadable
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return question{}, errUnreadable
	}
	switch {
	case in.Flag != nil && in.Patient == nil && layout.FlagID.MatchString(*in.Flag):
		return question{flag: *in.Flag}, nil
	case in.Patient != nil && in.Flag == nil:
		token, err := layout.ParseToken(*in.Patient)
		if err != nil {
			return question{}, errUnreadable
		}
		return question{token: token}, nil
	}
	return question{}, errUnreadable
}
