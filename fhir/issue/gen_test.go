package issue

import (
	"reflect"
	"time"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// Texts of a flag: anything in UTF-8 but nothing, among it what JSON, HTML and paragraphs make
// special.
var flagText = rapid.OneOf(
	rapid.StringN(1, 40, -1),
	rapid.SampledFrom([]string{"a\n\nb", "\n\n", "<&>\"\\", "\u2028\u202e\x00\x1b", "Restless legs", "a"}),
)

// anyFlag fills every field by reflection, so a field that is added to Flag and forgotten in the
// DetectedIssue is found here.
var anyFlag = rapid.Custom(func(t *rapid.T) checks.Flag {
	var f checks.Flag
	fillFlag(t, reflect.ValueOf(&f).Elem())
	f.ID, f.Check = flagText.Draw(t, "id"), flagText.Draw(t, "check")
	return f
})

var flagEnums = map[reflect.Type]*rapid.Generator[any]{
	reflect.TypeFor[checks.Severity](): oneOf(checks.None, checks.Low, checks.Moderate, checks.High),
	reflect.TypeFor[checks.RLSStatus](): oneOf(
		checks.RLSNone,
		checks.RLSPossible,
		checks.RLSRemission,
		checks.RLSConfirmed,
	),
	reflect.TypeFor[checks.FlagState](): oneOf(append(flagStates, "")...),
	reflect.TypeFor[checks.Change]():    oneOf(append(flagChanges, "")...),
	reflect.TypeFor[checks.Reason]():    oneOf(append(flagReasons, "")...),
	reflect.TypeFor[time.Time]():        rapid.Map(rapid.Int64(), func(n int64) any { return time.Unix(0, n).UTC() }),
	reflect.TypeFor[moment.Time]():      rapid.Map(anyTime, func(t moment.Time) any { return t }),
	reflect.TypeFor[ahead.Becoming]():   oneOf(ahead.Open, ahead.Worse, ahead.Milder, ahead.Resolved, ""),
	reflect.TypeFor[checks.OrderWords](): rapid.Custom(func(t *rapid.T) any {
		optional := rapid.OneOf(rapid.Just(""), flagText)
		return checks.OrderWords{
			Ref:     facts.Ref(flagText.Draw(t, "ref")),
			Product: optional.Draw(t, "product"),
			Dose:    optional.Draw(t, "dose"),
			Since:   optional.Draw(t, "since"),
		}
	}),
	reflect.TypeFor[checks.Citation](): rapid.Custom(func(t *rapid.T) any {
		return checks.Citation{
			Source:   flagText.Draw(t, "source"),
			DOI:      rapid.SampledFrom([]string{"", "10.5664/jcsm.11390"}).Draw(t, "doi"),
			Strength: flagText.Draw(t, "strength"),
			Review:   "pending",
		}
	}),
}

func oneOf[T any](list ...T) *rapid.Generator[any] {
	return rapid.Map(rapid.SampledFrom(list), func(v T) any { return v })
}

// anyTime is as precise as it says.
var anyTime = rapid.Custom(func(t *rapid.T) moment.Time {
	at := time.Unix(
		rapid.Int64Range(-8e9, 8e9).Draw(t, "seconds"),
		rapid.Int64Range(0, 999_999_999).Draw(t, "nanos"),
	).UTC()
	p := moment.Precision(rapid.Uint8Range(0, uint8(moment.WithoutOff)).Draw(t, "precision"))
	switch p {
	case moment.NoTime:
		return moment.Time{}
	case moment.ToYear:
		at = time.Date(at.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	case moment.ToMonth:
		at = time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC)
	case moment.ToDay:
		at = at.Truncate(24 * time.Hour)
	}
	return moment.Time{Nanos: at.UnixNano(), Precision: p}
})

func fillFlag(t *rapid.T, v reflect.Value) {
	if g, ok := flagEnums[v.Type()]; ok {
		v.Set(reflect.ValueOf(g.Draw(t, v.Type().Name())))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if rapid.Bool().Draw(t, "set "+v.Type().Field(i).Name) || v.Type().Field(i).Anonymous {
				fillFlag(t, v.Field(i))
			}
		}
	case reflect.Slice:
		n := rapid.IntRange(0, 3).Draw(t, "length")
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fillFlag(t, v.Index(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillFlag(t, v.Elem())
	case reflect.String:
		v.SetString(flagText.Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "number"))
	default:
		t.Fatalf("tell flagEnums how to draw a %s", v.Type())
	}
}
