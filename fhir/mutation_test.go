package fhir

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var mutationSeed = flag.Uint64("mutation-seed", 0, "repeat the run of TestMutatedDocuments that named this seed")

// TestMutatedDocuments breaks real documents in thousands of ways: bytes, pieces, and whole values
// replaced by others. Each stays accounted for, and what is no longer JSON is one rejection.
func TestMutatedDocuments(t *testing.T) {
	docs := smallDocuments(t)
	seed := *mutationSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-mutation-seed=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	r := NewReader(DefaultOptions())
	outcomes := map[string]int{}
	for range 3000 {
		doc := bytes.Clone(docs[rng.IntN(len(docs))])
		for range 1 + rng.IntN(3) {
			doc = mutate(rng, doc)
		}
		n, rejected := 0, 0
		r.Document(doc, func(res Resource) bool {
			checkEvent(t, n, res)
			if n++; res.Rejection != nil {
				rejected++
				outcomes[string(res.Rejection.Reason)]++
			}
			return true
		})
		if !json.Valid(bytes.TrimPrefix(doc, []byte(utf8BOM))) && (n != 1 || rejected != 1) {
			t.Fatalf("seed %d: broken, but %d events and %d rejections:\n%s", seed, n, rejected, doc)
		}
	}
	t.Logf("rejected: %v", outcomes)
	if outcomes["invalid-json"] == 0 || outcomes["invalid-resource"] == 0 {
		t.Errorf("the mutations reach too little: %v", outcomes)
	}
}

// smallDocuments are the sound files of testdata and the samples below 30 kB.
func smallDocuments(t *testing.T) (docs [][]byte) {
	for _, dir := range []string{"testdata", "issue/testdata", os.Getenv("RLSGUARD_CORPUS")} {
		if dir == "" {
			continue
		}
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && strings.HasSuffix(path, ".json") {
				if b := corpusFile(t, path); len(b) < 30<<10 && json.Valid(b) {
					docs = append(docs, b)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return docs
}

var simpleValue = regexp.MustCompile(`"[^"\\]*"|-?\d+(\.\d+)?|true|false|null|\[\]|\{\}`)

var planted = []string{
	`null`,
	`""`,
	`"x"`,
	`-1`,
	`1e400`,
	`true`,
	`[]`,
	`{}`,
	`[null]`,
	`[{}]`,
	`{"reference":7}`,
	`"2026-02-30"`,
	`"entered-in-error"`,
	`"\ud800"`,
	`"\u0000"`,
	`{"status":1,"status":2}`,
	"\xff",
	"\x00",
	"{",
	"}",
	"[",
	"]",
	",",
	`"`,
	`\`,
	"resourceType",
	"Patient",
	"Bundle",
}

func mutate(rng *rand.Rand, doc []byte) []byte {
	at := rng.IntN(len(doc) + 1)
	end := min(len(doc), at+rng.IntN(20))
	text := planted[rng.IntN(len(planted))]
	switch rng.IntN(5) {
	case 0:
		return append(doc[:at:at], doc[end:]...)
	case 1:
		return append(append(doc[:at:at], text...), doc[at:]...)
	case 2:
		return append(append(doc[:end:end], doc[at:end]...), doc[end:]...)
	}
	places := simpleValue.FindAllIndex(doc, -1)
	if len(places) == 0 {
		return doc
	}
	p := places[rng.IntN(len(places))]
	if other := places[rng.IntN(len(places))]; rng.IntN(2) == 0 {
		text = string(doc[other[0]:other[1]])
	}
	return append(append(doc[:p[0]:p[0]], text...), doc[p[1]:]...)
}
