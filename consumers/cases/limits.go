package cases

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/decimal"
)

// Limit is a number in the settings, and the smallest change to it that a case notices: another
// flag or another severity.
type Limit struct {
	Name   string `json:"limit"`
	Value  string `json:"value"`
	Lower  string `json:"lowered"` // such as "by 1"; "" when no case notices however low it is
	Raise  string `json:"raised"`
	ByCase string `json:"case,omitempty"` // one of the cases that notice
	// Texts: no case notices it in a flag, but the wording of one changes.
	Texts bool `json:"texts,omitempty"`
}

// Both reports whether cases bound the limit from both sides.
func (l *Limit) Both() bool { return l.Lower != "" && l.Raise != "" }

// steps by which a limit is moved, smallest first.
var steps = []struct {
	words       string
	lower, high func(x float64) float64
}{
	{"by 1", func(x float64) float64 { return x - 1 }, func(x float64) float64 { return x + 1 }},
	{"by a tenth", func(x float64) float64 { return x * 0.9 }, func(x float64) float64 { return x * 1.1 }},
	{"by half", func(x float64) float64 { return x / 2 }, func(x float64) float64 { return x * 1.5 }},
	{"as far as it goes", func(float64) float64 { return 0 }, func(x float64) float64 { return x*100 + 1 }},
}

// probe is a case with known flags, to be decided again under other settings.
type probe struct {
	name  string
	got   *Got
	flags string
	texts string
}

// limitsOf moves each limit down and up until a case notices.
func limitsOf(results []Result) []Limit {
	var probes []*probe
	names := map[string]string{}
	for i := range results {
		g := results[i].Got
		if g == nil || g.known == nil {
			continue
		}
		p := &probe{name: results[i].Case.Name, got: g}
		p.flags, p.texts = p.decide(g.rules.Engine.Settings)
		probes = append(probes, p)
		for name, value := range numbers(g.rules.Engine.Settings) {
			if _, known := names[name]; !known {
				names[name] = value
			}
		}
	}
	limits := make([]Limit, 0, len(names))
	for name, value := range names {
		l := Limit{Name: name, Value: value}
		for i := range steps {
			l.Lower = cmp.Or(l.Lower, l.notice(probes, steps[i].words, steps[i].lower))
			l.Raise = cmp.Or(l.Raise, l.notice(probes, steps[i].words, steps[i].high))
		}
		l.Texts = l.Texts && l.Lower == "" && l.Raise == ""
		limits = append(limits, l)
	}
	slices.SortFunc(limits, func(a, b Limit) int { return cmp.Compare(a.Name, b.Name) })
	return limits
}

// notice says in words that a case has other flags if the limit is moved.
func (l *Limit) notice(probes []*probe, words string, move func(float64) float64) string {
	for _, p := range probes {
		set := moved(p.got.rules.Engine.Settings, l.Name, move)
		if set == nil {
			continue
		}
		flags, texts := p.decide(set)
		l.Texts = l.Texts || texts != p.texts
		if flags != p.flags {
			l.ByCase = cmp.Or(l.ByCase, p.name)
			return words
		}
	}
	return ""
}

func (p *probe) decide(set *checks.Settings) (flags, texts string) {
	var a, b strings.Builder
	for _, patient := range p.got.known.Patients() {
		for _, f := range checks.Evaluate(p.got.known.State(patient), set, p.got.AsOf) {
			fmt.Fprintln(&a, flagOf(&f))
			fmt.Fprintln(&b, f.Summary, f.Action)
		}
	}
	return a.String(), b.String()
}

// numbers are the limits in settings by key, as in a configuration file.
func numbers(s *checks.Settings) map[string]string {
	all := map[string]string{}
	walk(reflect.ValueOf(cloned(s)).Elem(), "", func(path string, v reflect.Value) { all[path] = numberText(v) })
	return all
}

// moved is a copy of settings with one number changed; nil if there is no such number or it stays
// the same.
func moved(s *checks.Settings, name string, move func(float64) float64) *checks.Settings {
	out, done := cloned(s), false
	walk(reflect.ValueOf(out).Elem(), "", func(path string, v reflect.Value) {
		if path != name {
			return
		}
		was := numberText(v)
		x, err := strconv.ParseFloat(was, 64)
		if err != nil {
			return
		}
		x = max(move(x), 0)
		if v.Kind() == reflect.Int {
			v.SetInt(int64(x))
		} else if d, err := decimal.Parse(strconv.FormatFloat(x, 'f', -1, 64)); err == nil {
			v.Set(reflect.ValueOf(d))
		}
		done = numberText(v) != was
	})
	if !done {
		return nil
	}
	return out
}

func numberText(v reflect.Value) string {
	if d, ok := v.Interface().(decimal.Decimal); ok {
		return d.String()
	}
	return strconv.FormatInt(v.Int(), 10)
}

// cloned is a copy that shares no number with s. The zone and the tables, which no configuration
// key sets, are shared.
func cloned(s *checks.Settings) *checks.Settings {
	out := *s
	v := reflect.ValueOf(&out).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") != "-" {
			v.Field(i).Set(deepCopy(v.Field(i)))
		}
	}
	return &out
}

var decimalType = reflect.TypeFor[decimal.Decimal]()

func deepCopy(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch {
	case v.Type() == decimalType:
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(deepCopy(v.Field(i)))
		}
	case v.Kind() == reflect.Map && !v.IsNil():
		out.Set(reflect.MakeMap(v.Type()))
		for key, value := range v.Seq2() {
			out.SetMapIndex(key, deepCopy(value))
		}
	case v.Kind() == reflect.Slice && !v.IsNil():
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(deepCopy(v.Index(i)))
		}
	case v.Kind() == reflect.Pointer && !v.IsNil():
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(deepCopy(v.Elem()))
	}
	return out
}

// walk visits the numbers of the settings groups that checks use.
func walk(v reflect.Value, path string, visit func(path string, v reflect.Value)) {
	switch {
	case v.Type() == decimalType, v.Kind() == reflect.Int:
		visit(path, v)
	case v.Kind() == reflect.Pointer && !v.IsNil():
		walk(v.Elem(), path, visit)
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	case v.Kind() == reflect.Map:
		for key, value := range v.Seq2() {
			at := reflect.New(value.Type()).Elem()
			at.Set(value)
			walk(at, path+"."+key.String(), visit)
			v.SetMapIndex(key, at)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if name != "" && name != "-" && name != "facts" && name != "checks" {
				walk(v.Field(i), strings.TrimPrefix(path+"."+name, "."), visit)
			}
		}
	}
}
