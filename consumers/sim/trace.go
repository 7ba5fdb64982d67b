package sim

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks/codec"
	"github.com/rlsguard/rlsguard/checks/facts"
)

func (w *world) traceInputs() {
	if w.trace == nil {
		return
	}
	for i := range w.inputs {
		for _, r := range w.inputs[i].Resources {
			w.trace("input %d: of %q %s", i+1, r.Patient, describe(&r.Fact))
		}
	}
}

func (w *world) tell(in *instance, does string, msgs []*nats.Msg) {
	if w.trace != nil {
		w.trace("%s %s %s %s", w.server.now.Format(time.DateTime), in.name, does, subjects(msgs))
	}
}

// subjects tells a batch in a trace: the states in it by what they are of.
func subjects(msgs []*nats.Msg) string {
	var all []string
	for _, m := range msgs {
		name := m.Subject
		if st, err := codec.Decode(m.Data); err == nil && strings.HasPrefix(name, "rls.state.") {
			var facts []string
			for i := range st.Facts {
				facts = append(facts, describe(&st.Facts[i]))
			}
			name = fmt.Sprintf("%s{%s}", st.Patient, strings.Join(facts, ", "))
		}
		all = append(all, name+"@"+m.Header.Get(expect))
	}
	return strings.Join(all, " ")
}

func describe(f *facts.Fact) string {
	v := f.Version
	s := fmt.Sprintf(
		"%s v%d.%q.%d.%d kind %d mark %d",
		f.Ref,
		v.Updated/3600e9%24,
		v.Number,
		v.Arrival.Sequence,
		v.Arrival.Entry,
		f.Kind,
		f.Mark,
	)
	if f.Kind == facts.KindOrder {
		s += fmt.Sprintf(" of %s", f.Order.MedicationRef)
	}
	return s
}
