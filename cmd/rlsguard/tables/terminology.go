package tables

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms/dmd"
	"github.com/rlsguard/rlsguard/checks/terms/fda"
	"github.com/rlsguard/rlsguard/checks/terms/rrf"
	"github.com/rlsguard/rlsguard/checks/terms/site"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

type TerminologyCommand struct {
	Import  terminologyImport  `cmd:"" help:"Make a site table from a release of RxNorm, dm+d or the NDC directory."`
	Compare terminologyCompare `cmd:"" help:"List codes that changed between two site tables."`
}

type terminologyImport struct {
	RxNorm string `name:"rxnorm" xor:"from" required:"" type:"existingdir" placeholder:"DIR" help:"Folder of an unpacked RxNorm release, or its rrf folder: RXNCONSO.RRF and RXNREL.RRF; RXNSAT.RRF for NDC codes."`
	NDC    string `name:"ndc" xor:"from" required:"" type:"existingdir" placeholder:"DIR" help:"Folder of the FDA NDC directory: product.txt and package.txt."`
	DMD    string `name:"dmd" xor:"from" required:"" type:"existingdir" placeholder:"DIR" help:"Folder of an unpacked dm+d release: XML (f_vmp2_*.xml, ...), or the csv folder of its extract tool (f_vmp_VmpType.csv, ...)."`
	Others bool   `negatable:"" default:"true" help:"Also list the codes of all other drugs, to tell them from unknown codes. --no-others makes a much smaller table."`
	Out    string `placeholder:"FILE" help:"Site table to write; replaced only on success. Default: standard output."`
}

// Help is shown below the options.
func (terminologyImport) Help() string {
	return `Examples:
  rlsguard terminology import --rxnorm RxNorm_full/rrf \
    --out rxnorm-2026-03.tsv
  rlsguard terminology import --dmd nhsbsa_dmd_3.2.0 --out dmd-2026-03-02.tsv
  rlsguard terminology import --ndc ndctext --out ndc-2026-03-02.tsv
  rlsguard terminology compare rxnorm-2026-02.tsv rxnorm-2026-03.tsv
  rlsguard classify --site-table rxnorm-2026-03.tsv \
    --system ndc 00069-4900-30
  printf 'terminology: {site_tables: [rxnorm-2026-03.tsv]}' > site.yaml
  rlsguard replay --config site.yaml FOLDER

Finds every code of the listed ingredients: products, components, forms, brands, combinations, packs, packages and withdrawn codes, with strength and whether they act systemically. Give exactly one of --rxnorm, --ndc and --dmd.

The table is tab-separated text that you may edit and extend (` + strings.Join(site.Columns[:], ", ") + `). Name it after the release: answers cite that name. Where it differs from the built-in tables, the differences are listed and the site table wins. A damaged release gives an error and no table.`
}

// Run reads the release and writes the table.
func (c *terminologyImport) Run(p *terminal.Program) error {
	read := c.importRxNorm
	switch {
	case c.NDC != "":
		read = c.importNDC
	case c.DMD != "":
		read = c.importDMD
	}
	rows, notes, err := read(p)
	if err != nil {
		return err
	}
	write := func(w io.Writer) error { return site.Write(w, rows) }
	if c.Out == "" {
		err = write(p.Stdout)
	} else {
		err = replaceFile(c.Out, write)
	}
	if err != nil {
		return err
	}
	return terminal.WriteLine(p.Stderr, []byte(strings.Join(notes, "\n")))
}

func (c *terminologyImport) importRxNorm(p *terminal.Program) ([]site.Row, []string, error) {
	dir := c.RxNorm
	sub := filepath.Join(dir, "rrf")
	if !exists(filepath.Join(dir, rrf.ConceptsFile)) && exists(filepath.Join(sub, rrf.ConceptsFile)) {
		dir = sub
	}
	files := &releaseFiles{dir: dir, what: "RxNorm"}
	defer files.close()
	concepts, relations := files.open(rrf.ConceptsFile), files.open(rrf.RelationsFile)
	attributes := files.openOptional(rrf.AttributesFile)
	if files.err != nil {
		return nil, nil, files.err
	}
	bar := terminal.StartProgress(p.Stderr, "reading", files.size, terminal.Megabytes)
	release := rrf.Release{Concepts: bar.Reader(concepts), Relations: bar.Reader(relations), Others: c.Others}
	if attributes != nil {
		release.Attributes = bar.Reader(attributes)
	}
	table, err := rrf.Import(release)
	bar.End()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", dir, err)
	}
	return table.Rows, importNotes(&table.Report), nil
}

func (c *terminologyImport) importNDC(p *terminal.Program) ([]site.Row, []string, error) {
	files := &releaseFiles{dir: c.NDC, what: "NDC directory"}
	defer files.close()
	products, packages := files.open(fda.ProductsFile), files.open(fda.PackagesFile)
	if files.err != nil {
		return nil, nil, files.err
	}
	bar := terminal.StartProgress(p.Stderr, "reading", files.size, terminal.Megabytes)
	table, err := fda.Import(
		fda.Directory{Products: bar.Reader(products), Packages: bar.Reader(packages), Others: c.Others},
	)
	bar.End()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.NDC, err)
	}
	r := &table.Report
	notes := []string{
		fmt.Sprintf(
			"rlsguard: %d packages of %d products: %d hold listed ingredients",
			r.Packages,
			r.Products,
			r.Listed,
		),
	}
	return table.Rows, append(notes, counted([]count{
		{r.Others, "packages of other drugs"}, {r.Odd, "codes in no form of a National Drug Code: left out"},
		{r.Orphans, "packages of a product that " + fda.ProductsFile + " does not hold: left out"},
	})...), nil
}

func (c *terminologyImport) importDMD(p *terminal.Program) ([]site.Row, []string, error) {
	files := &releaseFiles{dir: c.DMD, what: "dm+d"}
	defer files.close()
	release := dmd.Release{Others: c.Others, Text: len(glob(c.DMD, "f_vmp_VmpType.csv")) > 0}
	wanted := []struct {
		into      *io.Reader
		xml, text string
	}{
		{&release.Substances, "f_ingredient[0-9]*.xml", "f_ingredient*.csv"},
		{&release.Moieties, "f_vtm[0-9]*.xml", "f_vtm*.csv"},
		{&release.Products, "f_vmp[0-9]*.xml", "f_vmp_VmpType.csv"},
		{&release.ProductIngredients, "", "f_vmp_VpiType.csv"},
		{&release.ActualProducts, "f_amp[0-9]*.xml", "f_amp_AmpType.csv"},
		{&release.Packs, "f_vmpp[0-9]*.xml", "f_vmpp_VmppType.csv"},
		{&release.ActualPacks, "f_ampp[0-9]*.xml", "f_ampp_AmppType.csv"},
	}
	opened := make([]*os.File, len(wanted))
	for i, w := range wanted {
		name := w.xml
		if release.Text {
			name = w.text
		}
		if name != "" {
			opened[i] = files.openOne(name)
		}
	}
	if files.err != nil {
		return nil, nil, files.err
	}
	bar := terminal.StartProgress(p.Stderr, "reading", files.size, terminal.Megabytes)
	for i, f := range opened {
		if f != nil {
			*wanted[i].into = bar.Reader(f)
		}
	}
	table, err := dmd.Import(release)
	bar.End()
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.DMD, err)
	}
	return table.Rows, dmdNotes(&table.Report), nil
}

func dmdNotes(r *dmd.Report) []string {
	notes := []string{
		fmt.Sprintf("rlsguard: %d virtual and %d actual products, %d and %d packs: %d codes hold listed ingredients",
			r.Read["VMP"], r.Read["AMP"], r.Read["VMPP"], r.Read["AMPP"], r.Listed),
	}
	notes = append(notes, counted([]count{
		{
			r.Others,
			"codes of other drugs",
		}, {r.Orphans, "products or packs of a product that the release does not hold: known by their names"},
	})...)
	for i, d := range r.Differ {
		if i == contradictionsShown {
			return append(notes, fmt.Sprintf("rlsguard: and %d more", len(r.Differ)-i))
		}
		notes = append(
			notes,
			fmt.Sprintf("rlsguard: %s %q holds %s by its ingredients and %s by its name: all count", d.Code, d.Name,
				strings.Join(d.ByIngredients, " and "), cmp.Or(strings.Join(d.ByName, " and "), "no listed drug")),
		)
	}
	return notes
}

// contradictionsShown bounds what is listed of one kind.
const contradictionsShown = 20

// importNotes word what an import found.
func importNotes(r *rrf.Report) []string {
	codes := 0
	for _, n := range r.Codes {
		codes += n
	}
	notes := []string{
		fmt.Sprintf(
			"rlsguard: %d listed ingredients: %d RxNorm codes (%d withdrawn, %d of them known by name only) and %d "+
				"package codes",
			r.Ingredients,
			codes,
			r.Withdrawn,
			r.ByName,
			r.Packages,
		),
	}
	if _, read := r.Lines[rrf.AttributesFile]; !read {
		notes = append(notes, "rlsguard: no "+rrf.AttributesFile+", so no package codes (NDC)")
	}
	notes = append(notes, counted([]count{
		{r.Others, "RxNorm codes of other drugs"},
		{r.Reversed, "relations against the order of their term types: not followed"},
		{r.Dangling, "relations to concepts that the release does not hold: not followed"},
		{r.OddPackages, "package codes in no known form, or of ten digits without hyphens: left out"},
		{r.PackageConflicts, "ingredients of package codes that stand for several products: all count"},
	})...)
	notes = append(
		notes,
		contradictions(r.Kept, "%s %s is %s in the release and %s in the tables: the tables decide")...)
	notes = append(
		notes,
		contradictions(r.Contradictions, "%s %s is %s in the release and %s in the tables: the site table decides")...)
	return append(
		notes,
		contradictions(r.Renamed, "%s %s is named %q in the release and taken for %s by its code: check it")...)
}

// contradictions words some of what release and tables say differently: kind, code, release,
// tables.
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
		notes = append(notes, fmt.Sprintf(
			"rlsguard: "+words,
			c.Kind,
			c.Code,
			cmp.Or(strings.Join(c.Release, " and "), "no listed drug"),
			cmp.Or(strings.Join(c.Tables, " and "), "no listed drug"),
		))
	}
	return notes
}

// count is a number that is told when it is not 0.
type count struct {
	n    int
	what string
}

func counted(all []count) (notes []string) {
	for _, c := range all {
		if c.n > 0 {
			notes = append(notes, fmt.Sprintf("rlsguard: %d %s", c.n, c.what))
		}
	}
	return notes
}
