package hook

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
)

const outcomeType = "OperationOutcome"

// brought says how much of what was asked for a part of a request brings: CDS Hooks leaves it to
// clients how they tell that a fetch failed, and to servers how much of a search they answer at
// once.
type brought struct {
	faults  []string // why something did not come
	types   []string // of the resources that came, without OperationOutcomes
	single  bool     // what came is one resource, not a Bundle
	matches int      // of the search
	more    bool     // there is more than came: a next page, or a total above the matches
}

func (b *brought) fail(why string) {
	if !slices.Contains(b.faults, why) {
		b.faults = append(b.faults, why)
	}
}

// survey looks at a resource, or at a Bundle and its entries.
func (b *brought) survey(o object) {
	switch typ := o.str("resourceType"); typ {
	case outcomeType:
		b.fail("an OperationOutcome instead of it")
	case "Bundle":
		b.surveyBundle(o)
	default:
		b.single = true
		b.types = append(b.types, typ)
	}
}

func (b *brought) surveyBundle(o object) {
	var entries []object
	_ = json.Unmarshal(o["entry"], &entries) // the reader says what is wrong with them
	matches := 0
	for _, entry := range entries {
		b.response(entry)
		res := entry.object("resource")
		if res == nil && entry["resourceType"] != nil {
			res = entry
		}
		switch typ, mode := res.str("resourceType"), entry.object("search").str("mode"); {
		case typ == outcomeType:
			if !harmless(res["issue"]) {
				b.fail("an OperationOutcome with an error")
			}
		case res != nil:
			b.types = append(b.types, typ)
			if mode != "include" && mode != "outcome" {
				matches++
			}
		}
	}
	b.matches += matches
	total, err := strconv.Atoi(o.str("total"))
	b.more = b.more || hasNext(o["link"]) || err == nil && total > matches
}

var threeDigits = regexp.MustCompile(`\b[1-5][0-9][0-9]\b`)

// response tells whether the response beside a resource is a failure, by its status: "404 Not
// Found", or a number.
func (b *brought) response(o object) (failed bool) {
	status, err := strconv.Atoi(threeDigits.FindString(o.object("response").str("status")))
	if err != nil || status < 400 {
		return false
	}
	b.fail("status " + strconv.Itoa(status))
	return true
}

// harmless tells that the issues of an OperationOutcome beside search results are warnings and
// information only, which say nothing about what else came
// (hl7.org/fhir/R4/valueset-issue-severity.html).
func harmless(raw json.RawMessage) bool {
	var issues []object
	if json.Unmarshal(raw, &issues) != nil || len(issues) == 0 {
		return false
	}
	return !slices.ContainsFunc(issues, func(i object) bool {
		severity := i.str("severity")
		return severity != "warning" && severity != "information"
	})
}

func hasNext(raw json.RawMessage) bool {
	var links []struct {
		Relation string `json:"relation"`
	}
	_ = json.Unmarshal(raw, &links)
	return slices.ContainsFunc(links, func(l struct {
		Relation string `json:"relation"`
	}) bool {
		return l.Relation == "next"
	})
}
