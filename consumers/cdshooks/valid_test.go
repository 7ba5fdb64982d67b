package cdshooks

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
)

// field is a rule of CDS Hooks 2.0 for a field of an object: whether it is required, and what its
// value has to be.
type field struct {
	required bool
	is       func(v any) string // what is wrong; "" when it is fine
}

type rules map[string]field

// The rules are the tables of the specification: "CDS Service Response", "Card Attributes",
// "Source", "Suggestion", "Action", "Reasons for rejecting a card", "Link", "Coding", and
// "Discovery".
var (
	codingRules = rules{"code": {true, text}, "system": {true, text}, "display": {false, text}}
	reasonRules = rules{"code": {true, text}, "system": {true, text}, "display": {true, text}}
	sourceRules = rules{
		"label": {true, text},
		"url":   {false, absolute},
		"icon":  {false, absolute},
		"topic": {false, of(codingRules)},
	}
	actionRules = rules{
		"type":        {true, one("create", "update", "delete")},
		"description": {true, text},
		"resource":    {false, resource},
		"resourceId":  {false, text},
	}
	linkRules = rules{
		"label":          {true, text},
		"url":            {true, absolute},
		"type":           {true, one("absolute", "smart")},
		"appContext":     {false, text},
		"autolaunchable": {false, yesNo},
	}
	responseRules = rules{"cards": {true, listOf(cardRules)}, "systemActions": {false, listOf(actionRules)}}
	cardRules     = rules{
		"uuid": {
			false,
			uuidText,
		}, "summary": {true, summary}, "detail": {false, text}, "indicator": {true, one("info", "warning", "critical")},
		"source": {true, of(sourceRules)},
		"suggestions": {
			false,
			listOf(suggestionRules),
		}, "selectionBehavior": {false, one("at-most-one", "any")}, "overrideReasons": {false, listOf(reasonRules)},
		"links": {false, listOf(linkRules)}, "extension": {false, anObject},
	}
	suggestionRules = rules{
		"label":         {true, text},
		"uuid":          {false, uuidText},
		"isRecommended": {false, yesNo},
		"actions":       {false, listOf(actionRules)},
	}
	serviceRules = rules{
		"hook":              {true, text},
		"title":             {false, text},
		"description":       {true, text},
		"id":                {true, text},
		"prefetch":          {false, texts},
		"usageRequirements": {false, text},
	}
	discoveryRules = rules{"services": {true, listOf(serviceRules)}}
)

// validResponse holds an answer against the text of CDS Hooks 2.0.
func validResponse(t testing.TB, data []byte) {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	if fault := of(responseRules)(v); fault != "" {
		t.Fatalf("%s: %s", fault, data)
	}
	cards := v["cards"].([]any)
	ids := map[string]bool{}
	for _, c := range cards {
		card := c.(map[string]any)
		if card["suggestions"] != nil && card["selectionBehavior"] == nil {
			t.Errorf("suggestions without selectionBehavior")
		}
		if id, ok := card["uuid"].(string); ok && ids[id] {
			t.Errorf("two cards have one uuid")
		} else if ok {
			ids[id] = true
		}
		suggestions, _ := card["suggestions"].([]any)
		for _, s := range suggestions {
			for _, a := range s.(map[string]any)["actions"].([]any) {
				action := a.(map[string]any)
				if kind := action["type"]; kind == "delete" && action["resourceId"] == nil ||
					kind != "delete" && action["resource"] == nil {
					t.Errorf("a %s without what it is about", kind)
				}
			}
		}
	}
}

func of(r rules) func(any) string {
	return func(v any) string {
		o, ok := v.(map[string]any)
		if !ok {
			return "no object"
		}
		for name, f := range r {
			value, there := o[name]
			switch {
			case !there && f.required:
				return name + " is missing"
			case there:
				if fault := f.is(value); fault != "" {
					return name + ": " + fault
				}
			}
		}
		for name := range o {
			if _, ok := r[name]; !ok {
				return name + " is not in the specification"
			}
		}
		return ""
	}
}

func listOf(r rules) func(any) string {
	return func(v any) string {
		list, ok := v.([]any)
		if !ok {
			return "no array"
		}
		for i, item := range list {
			if fault := of(r)(item); fault != "" {
				return fmt.Sprintf("%d: %s", i, fault)
			}
		}
		return ""
	}
}

func text(v any) string {
	if s, ok := v.(string); !ok || s == "" {
		return "no text"
	}
	return ""
}

func texts(v any) string {
	for _, s := range v.(map[string]any) {
		if fault := text(s); fault != "" {
			return fault
		}
	}
	return ""
}

func summary(v any) string {
	if s, ok := v.(string); !ok || s == "" || utf8.RuneCountInString(s) >= 140 {
		return "not a sentence of fewer than 140 characters"
	}
	return ""
}

func one(of ...string) func(any) string {
	return func(v any) string {
		if s, ok := v.(string); !ok || !slices.Contains(of, s) {
			return fmt.Sprintf("%v is none of %v", v, of)
		}
		return ""
	}
}

func absolute(v any) string {
	s, _ := v.(string)
	if u, err := url.Parse(s); err != nil || !u.IsAbs() || u.Host == "" {
		return s + " is no absolute URL"
	}
	return ""
}

func uuidText(v any) string {
	s, _ := v.(string)
	if _, err := uuid.Parse(s); err != nil {
		return "no UUID"
	}
	return ""
}

func yesNo(v any) string {
	if _, ok := v.(bool); !ok {
		return "no boolean"
	}
	return ""
}

func anObject(v any) string {
	if _, ok := v.(map[string]any); !ok {
		return "no object"
	}
	return ""
}

func resource(v any) string {
	if o, ok := v.(map[string]any); !ok || text(o["resourceType"]) != "" {
		return "no FHIR resource"
	}
	return ""
}
