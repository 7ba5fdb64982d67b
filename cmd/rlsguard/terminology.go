package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/rrf"
)

type terminologyCommand struct {
	Import terminologyImport `cmd:"" help:"Make a site table from a site's own RxNorm release files."`
}

type terminologyImport struct {
	RxNorm string `name:"rxnorm" required:"" type:"existingdir" placeholder:"DIR" help:"Folder of an unpacked RxNorm release, or its rrf folder: RXNCONSO.RRF and RXNREL.RRF, and RXNSAT.RRF for package codes (NDC)."`
	Out    string `placeholder:"FILE" help:"Where the site table goes, replaced only when all went well; standard output without it."`
}

// Help is shown below the options.
func (terminologyImport) Help() string {
	return `Derives every RxNorm code and every package code (NDC) of the listed ingredients: products, components, forms, dose groups, brands, combinations and packs, with strength and whether they act in the whole body; withdrawn codes too, marked. The table is plain text (` + strings.Join(terms.SiteColumns[:], ", ") + `, separated by tabs) and can be read, edited and extended.

A damaged release gives an error and no table. What the release says otherwise than the tables of rlsguard is listed; the site's table decides.

Examples:
  rlsguard terminology import --rxnorm RxNorm_full/rrf --out rxnorm.tsv
  rlsguard classify --site-table rxnorm.tsv --system ndc 00069-4900-30
  printf 'terminology:\n  site_tables: [rxnorm.tsv]\n' > site.yaml
  rlsguard replay --config site.yaml FOLDER`
}

// Run reads the release and writes the table.
func (c *terminologyImport) Run(p *program) error {
	files, err := openRelease(c.RxNorm)
	if err != nil {
		return err
	}
	defer files.close()
	bar := startProgress(p.stderr, "reading", files.size, megabytes)
	table, err := rrf.Import(files.release(bar))
	bar.end()
	if err != nil {
		return fmt.Errorf("%s: %w", files.dir, err)
	}
	write := func(w io.Writer) error { return terms.WriteSiteTable(w, table.Rows) }
	if c.Out == "" {
		err = write(p.stdout)
	} else {
		err = replaceFile(c.Out, write)
	}
	if err != nil {
		return err
	}
	return writeLine(p.stderr, []byte(strings.Join(importNotes(&table.Report), "\n")))
}

// releaseFiles are the open files of a release; one that is nil is not there.
type releaseFiles struct {
	dir                             string
	concepts, relations, attributes *os.File
	size                            int64
}

// openRelease opens the files of a release in a folder or in its subfolder rrf.
func openRelease(dir string) (*releaseFiles, error) {
	if _, err := os.Stat(filepath.Join(dir, rrf.ConceptsFile)); err != nil {
		if _, err := os.Stat(filepath.Join(dir, "rrf", rrf.ConceptsFile)); err == nil {
			dir = filepath.Join(dir, "rrf")
		}
	}
	r := &releaseFiles{dir: dir}
	for _, f := range []struct {
		name     string
		file     **os.File
		optional bool
	}{{rrf.ConceptsFile, &r.concepts, false}, {rrf.RelationsFile, &r.relations, false}, {rrf.AttributesFile, &r.attributes, true}} {
		file, err := os.Open(filepath.Join(dir, f.name))
		if errors.Is(err, os.ErrNotExist) && f.optional {
			continue
		}
		if err != nil {
			r.close()
			return nil, fmt.Errorf("no RxNorm release: %w", err)
		}
		*f.file = file
		if info, err := file.Stat(); err == nil {
			r.size += info.Size()
		}
	}
	return r, nil
}

func (r *releaseFiles) release(bar *progress) rrf.Release {
	release := rrf.Release{Concepts: bar.reader(r.concepts), Relations: bar.reader(r.relations)}
	if r.attributes != nil {
		release.Attributes = bar.reader(r.attributes)
	}
	return release
}

func (r *releaseFiles) close() {
	for _, f := range []*os.File{r.concepts, r.relations, r.attributes} {
		if f != nil {
			f.Close()
		}
	}
}

// replaceFile writes a file beside its place and moves it there when it is whole.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".rlsguard-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err = errors.Join(write(f), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// contradictionsShown bounds what is listed of one kind.
const contradictionsShown = 20

// importNotes word what an import found.
func importNotes(r *rrf.Report) []string {
	codes := 0
	for _, n := range r.Codes {
		codes += n
	}
	notes := []string{fmt.Sprintf("rlsguard: %d listed ingredients: %d RxNorm codes (%d withdrawn, %d of them known by name only) and %d package codes",
		r.Ingredients, codes, r.Withdrawn, r.ByName, r.Packages)}
	if _, read := r.Lines[rrf.AttributesFile]; !read {
		notes = append(notes, "rlsguard: no "+rrf.AttributesFile+", so no package codes (NDC)")
	}
	for _, n := range []struct {
		count int
		what  string
	}{
		{r.Reversed, "relations against the order of their term types: not followed"},
		{r.Dangling, "relations to concepts that the release does not hold: not followed"},
		{r.OddPackages, "package codes in no known form, or of ten digits without hyphens: left out"},
		{r.PackageConflicts, "ingredients of package codes that stand for several products: all count"},
	} {
		if n.count > 0 {
			notes = append(notes, fmt.Sprintf("rlsguard: %d %s", n.count, n.what))
		}
	}
	notes = append(notes, contradictions(r.Contradictions, "%s %s is %s in the release and %s in the tables: the site table decides")...)
	return append(notes, contradictions(r.Renamed, "%s %s is named %q in the release and taken for %s by its code: check it")...)
}

// contradictions words some of what release and tables say differently: kind, code, release, tables.
func contradictions(all []rrf.Contradiction, words string) []string {
	all = slices.SortedFunc(slices.Values(all), func(a, b rrf.Contradiction) int {
		return cmp.Or(cmp.Compare(len(a.Code), len(b.Code)), cmp.Compare(a.Code, b.Code))
	})
	var notes []string
	for i, c := range all {
		if i == contradictionsShown {
			notes = append(notes, fmt.Sprintf("rlsguard: and %d more", len(all)-i))
			break
		}
		notes = append(notes, fmt.Sprintf("rlsguard: "+words,
			c.Kind, c.Code, strings.Join(c.Release, " and "), cmp.Or(strings.Join(c.Tables, " and "), "no listed drug")))
	}
	return notes
}
