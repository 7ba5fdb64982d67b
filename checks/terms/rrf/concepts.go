package rrf

import (
	"errors"
	"io"
)

// Columns of RXNCONSO.RRF: RXCUI LAT TS LUI STT SUI ISPREF RXAUI SAUI SCUI SDUI SAB TTY CODE STR
// SRL SUPPRESS CVF.
const (
	consoColumns  = 18
	consoRXCUI    = 0
	consoSAB      = 11
	consoTTY      = 12
	consoSTR      = 14
	consoSUPPRESS = 16
)

// ownSource marks what RxNorm itself says, as opposed to the vocabularies it links.
const ownSource = "RXNORM"

type concept struct {
	id     uint32
	kind   kind
	status status
	name   string
}

// graph is a release's own concepts and their relations.
type graph struct {
	concepts []concept
	byID     map[uint32]int32 // position in concepts
	others   map[uint32]bool  // own concepts of unknown term types, which a later release may have
	edges    []edge           // sorted by whole, once all are read
	report   Report
}

func newGraph() *graph {
	return &graph{
		byID:   map[uint32]int32{},
		others: map[uint32]bool{},
		report: Report{Lines: map[string]int{}, Codes: map[string]int{}},
	}
}

// readConcepts keeps RxNorm's own atoms of the relevant term types. Synonyms and other sources'
// atoms are skipped: if RxNorm has a concept for them, that has an own atom too.
func (g *graph) readConcepts(r io.Reader) error {
	var err error
	g.report.Lines[ConceptsFile], err = readLines(r, ConceptsFile, consoColumns, func(line *row) {
		id := line.id(consoRXCUI)
		if id == 0 && line.err == nil {
			line.err = errors.New("without concept id")
		}
		k := kindsByName[string(line.fields[consoTTY])]
		if line.err != nil || !line.is(consoSAB, ownSource) {
			return
		}
		if k == kindNone {
			g.others[id] = true
			return
		}
		s, ok := statusOf(line.fields[consoSUPPRESS])
		if !ok {
			line.err = errors.New("unknown value of SUPPRESS")
			return
		}
		g.add(concept{id: id, kind: k, status: s, name: string(line.fields[consoSTR])})
	})
	if err == nil && len(g.concepts) == 0 {
		return errors.New(ConceptsFile + " holds no concept of source RXNORM")
	}
	return err
}

// add keeps a concept. Among several atoms of one concept a current one decides, then the first.
func (g *graph) add(c concept) {
	at, known := g.byID[c.id]
	if !known {
		g.byID[c.id] = int32(len(g.concepts))
		g.concepts = append(g.concepts, c)
		return
	}
	if c.status < g.concepts[at].status {
		g.concepts[at] = c
	}
}
