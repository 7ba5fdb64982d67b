package consumers_test

import (
	"encoding/json"
	"time"

	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

type stored func(func(consumers.View) error) error

func (s stored) Read(do func(consumers.View) error) error { return s(do) }

func init() {
	consumers.AskStored = func(read func(func(consumers.View) error) error, e *consumers.Engine, asOf time.Time, draft string) (string, error) {
		c := ordercheck.Checker{Engine: e, Stored: stored(read), Reader: fhir.DefaultOptions(), AsOf: func() time.Time { return asOf }}
		a, err := c.Ask([]byte(draft))
		if err != nil {
			return "", err
		}
		b, err := json.Marshal(ordercheck.ReplyOf(&a))
		return string(b), err
	}
}
