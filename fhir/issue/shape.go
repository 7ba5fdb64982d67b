package issue

import (
	"fmt"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// flagIssue is the part of a DetectedIssue that readFlag reads. A dashboard reads ten thousand of
// them before it can show the first, and the Go models of R4, with some fifty fields for every
// extension, took ten times as long.
type flagIssue struct {
	resourceType, status, severity, identifiedDateTime, detail string

	identifier []flagCoding
	code       []flagCoding
	patient    string
	implicated []string
	evidence   []string
	extension  found
	mitigation []flagMitigation
}

// flagCoding is an Identifier or a Coding.
type flagCoding struct{ system, value, code string }

type flagMitigation struct {
	action    []flagCoding
	date      string
	author    string // the reference, else the display
	extension found
}

type flagExtension struct {
	url, code, text, dateTime string
	number                    string // valueUnsignedInt or valueDecimal
	yes                       bool
	parts                     found
}

// usualExtensions is about the number in a flag or a citation.
const usualExtensions = 10

// maxIssueDepth is far beyond what Marshal writes.
const maxIssueDepth = 64

// read fills s from b.
func (s *flagIssue) read(b []byte) error {
	var sc scan.Scanner
	sc.Reset(b, maxIssueDepth)
	start := scan.PastBlanks(b, 0)
	switch end := sc.Value(start); {
	case sc.Err != nil:
		return fmt.Errorf("no JSON from byte %d on", sc.Err.At)
	case scan.PastBlanks(b, end) < len(b):
		return fmt.Errorf("no JSON from byte %d on", scan.PastBlanks(b, end))
	}
	r := &issueReader{b: b}
	r.object(start, "DetectedIssue", func(name []byte, v int) {
		switch string(name) {
		case "resourceType":
			s.resourceType = r.text(v, "resourceType")
		case "status":
			s.status = r.text(v, "status")
		case "severity":
			s.severity = r.text(v, "severity")
		case "identifiedDateTime":
			s.identifiedDateTime = r.text(v, "identifiedDateTime")
		case "detail":
			s.detail = r.text(v, "detail")
		case "identifier":
			s.identifier = r.codings(v, "identifier")
		case "code":
			s.code = r.concept(v, "code")
		case "patient":
			s.patient, _ = r.reference(v, "patient")
		case "implicated":
			s.implicated = r.references(s.implicated, v, "implicated")
		case "evidence":
			r.items(v, "evidence", func(v int) {
				r.object(v, "evidence", func(name []byte, v int) {
					if string(name) == "detail" {
						s.evidence = r.references(s.evidence, v, "evidence.detail")
					}
				})
			})
		case "extension":
			s.extension = r.extensions(v)
		case "mitigation":
			r.items(v, "mitigation", func(v int) { s.mitigation = append(s.mitigation, r.mitigation(v)) })
		}
	})
	return r.err
}

func (r *issueReader) mitigation(v int) (m flagMitigation) {
	r.object(v, "mitigation", func(name []byte, v int) {
		switch string(name) {
		case "action":
			m.action = r.concept(v, "action")
		case "date":
			m.date = r.text(v, "mitigation.date")
		case "author":
			var display string
			if m.author, display = r.reference(v, "author"); m.author == "" {
				m.author = display
			}
		case "extension":
			m.extension = r.extensions(v)
		}
	})
	return m
}

func (r *issueReader) extensions(v int) found {
	all := make(found, 0, usualExtensions)
	r.items(v, "extension", func(v int) {
		var e flagExtension
		r.object(v, "extension", func(name []byte, v int) {
			switch string(name) {
			case "url":
				e.url = r.text(v, "url")
			case "valueCode":
				e.code = r.text(v, "valueCode")
			case "valueString":
				e.text = r.text(v, "valueString")
			case "valueDateTime":
				e.dateTime = r.text(v, "valueDateTime")
			case "valueBoolean":
				if e.yes = r.b[v] == 't'; !e.yes && r.b[v] != 'f' {
					r.wrong("valueBoolean")
				}
			case "valueUnsignedInt", "valueDecimal":
				if e.number = string(r.b[v:scan.Past(r.b, v)]); e.number[0] != '-' &&
					(e.number[0] < '0' || e.number[0] > '9') {
					r.wrong("valueUnsignedInt")
				}
			case "extension":
				e.parts = r.extensions(v)
			}
		})
		all = append(all, e)
	})
	return all
}

func (r *issueReader) concept(v int, what string) (list []flagCoding) {
	r.object(v, what, func(name []byte, v int) {
		if string(name) == "coding" {
			list = r.codings(v, "coding")
		}
	})
	return list
}

func (r *issueReader) codings(v int, what string) (list []flagCoding) {
	r.items(v, what, func(v int) {
		var c flagCoding
		r.object(v, what, func(name []byte, v int) {
			switch string(name) {
			case "system":
				c.system = r.text(v, "system")
			case "value":
				c.value = r.text(v, "value")
			case "code":
				c.code = r.text(v, "code")
			}
		})
		list = append(list, c)
	})
	return list
}

func (r *issueReader) references(list []string, v int, what string) []string {
	r.items(v, what, func(v int) {
		ref, _ := r.reference(v, what)
		list = append(list, ref)
	})
	return list
}

func (r *issueReader) reference(v int, what string) (ref, display string) {
	r.object(v, what, func(name []byte, v int) {
		switch string(name) {
		case "reference":
			ref = r.text(v, "reference")
		case "display":
			display = r.text(v, "display")
		}
	})
	return ref, display
}
