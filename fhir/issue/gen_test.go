package issue

import (
	"math"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// Texts of a flag: any non-empty UTF-8, including what is special to JSON, HTML and paragraphs.
var flagText = rapid.OneOf(
	rapid.StringN(1, 40, -1),
	rapid.SampledFrom([]string{"a\n\nb", "\n\n", "<&>\"\\", "\u2028\u202e\x00\x1b", "Restless legs", "a"}),
)

// anyFlag fills every field by reflection, so a field added to Flag and forgotten in the
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
	reflect.TypeFor[clears.Change](): rapid.Map(anyChange, func(c clears.Change) any { return c }),
	reflect.TypeFor[checks.Citation](): rapid.Custom(func(t *rapid.T) any {
		return checks.Citation{
			Source:   flagText.Draw(t, "source"),
			DOI:      rapid.SampledFrom([]string{"", "10.5664/jcsm.11390"}).Draw(t, "doi"),
			Strength: flagText.Draw(t, "strength"),
			Review:   "pending",
		}
	}),
}

// anyChange always has a kind; Days is a FHIR unsignedInt.
var anyChange = rapid.Custom(func(t *rapid.T) clears.Change {
	optional := rapid.OneOf(rapid.Just(""), flagText)
	limit := func(name string) clears.Limit {
		return clears.Limit{
			Comparator: rapid.SampledFrom([]string{"", "<=", ">=", ">"}).Draw(t, name+" comparator"),
			Value:      flagText.Draw(t, name+" value"), Unit: optional.Draw(t, name+" unit"),
		}
	}
	c := clears.Change{
		Kind: rapid.SampledFrom([]clears.Kind{clears.Lab, clears.OrderEnd, "newer"}).Draw(t, "kind"),
		Drug: optional.Draw(t, "drug"),
		From: optional.Draw(t, "from"), Days: rapid.IntRange(0, math.MaxInt32).Draw(t, "days"),
		Wanted: rapid.Bool().Draw(t, "wanted"), Value: optional.Draw(t, "value"), Text: flagText.Draw(t, "text"),
	}
	for range rapid.IntRange(0, 2).Draw(t, "targets") {
		c.Targets = append(c.Targets, facts.Ref(flagText.Draw(t, "target")))
	}
	for range rapid.IntRange(0, 2).Draw(t, "results") {
		c.Results = append(c.Results, clears.Result{Analyte: flagText.Draw(t, "analyte"), Limit: limit("result")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "opens") {
		c.Opens = append(c.Opens, flagText.Draw(t, "opens"))
	}
	if rapid.Bool().Draw(t, "has dose") {
		dose := limit("dose")
		c.Dose = &dose
	}
	return c
})

func oneOf[T any](list ...T) *rapid.Generator[any] {
	return rapid.Map(rapid.SampledFrom(list), func(v T) any { return v })
}

// anyTime is exactly as precise as it says.
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
