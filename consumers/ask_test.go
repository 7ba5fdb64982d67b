package consumers_test

import (
	"context"
	"encoding/json"
	"time"

	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

type origins func(func(fold.View) error) error

func (s origins) Read(do func(fold.View) error) error { return s(do) }

func init() {
	consumers.AskStored = func(read func(func(fold.View) error) error, e *fold.Engine, asOf time.Time,
		draft string) (string, error) {
		c := ordercheck.Checker{
			Engine: e,
			Stored: origins(read),
			Reader: fhir.DefaultOptions(),
			AsOf:   func() time.Time { return asOf },
		}
		a, err := c.Ask(context.Background(), []byte(draft))
		if err != nil {
			return "", err
		}
		b, err := json.Marshal(ordercheck.ReplyOf(&a))
		return string(b), err
	}
}
