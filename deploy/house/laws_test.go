package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// own is the module as it stands; it is read once for all laws.
var own = sync.OnceValues(func() (*module, error) { return load("../..") })

func house(t *testing.T) *module {
	t.Helper()
	m, err := own()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// mayImport are the packages of this module that a package may import: what is below it, never
// beside or above it unless named. Whoever adds an arrow adds it here, and says in the package
// comment why.
var mayImport = map[string][]string{
	"checks": {
		"checks/ahead", "checks/clears", "checks/decimal", "checks/exercise", "checks/facts",
		"checks/measure", "checks/moment", "checks/record", "checks/silence", "checks/terms",
		"checks/terms/codes", "checks/terms/conditions", "checks/terms/drugs",
		"checks/terms/forms", "checks/terms/labs", "checks/unread", "checks/words",
	},
	"checks/ahead":  {"checks/facts", "checks/moment", "checks/words"},
	"checks/clears": {"checks/facts"},
	"checks/codec": {
		"checks", "checks/facts", "checks/moment", "checks/terms/codes", "checks/unread",
	},
	"checks/decimal":  {},
	"checks/exercise": {"checks/facts", "checks/moment", "checks/terms/codes"},
	"checks/facts":    {"checks/moment", "checks/terms/codes", "checks/unread"},
	"checks/measure": {
		"checks/decimal", "checks/facts", "checks/terms", "checks/terms/codes",
		"checks/terms/labs", "checks/words",
	},
	"checks/moment":  {},
	"checks/record":  {"checks/facts"},
	"checks/silence": {"checks/words"},
	"checks/substance": {
		"checks", "checks/exercise", "checks/facts", "checks/terms/data", "checks/terms/drugs",
		"checks/words",
	},
	"checks/terms": {
		"checks/terms/codes", "checks/terms/data", "checks/terms/drugs", "checks/terms/forms",
		"checks/terms/names", "checks/terms/phrase", "checks/terms/site", "checks/terms/strength",
	},
	"checks/terms/codes":      {},
	"checks/terms/conditions": {"checks/terms/codes", "checks/terms/data", "checks/terms/phrase"},
	"checks/terms/data":       {},
	"checks/terms/dmd": {
		"checks/terms", "checks/terms/codes", "checks/terms/drugs", "checks/terms/forms",
		"checks/terms/site",
	},
	"checks/terms/drugs": {"checks/terms/data"},
	"checks/terms/fda": {
		"checks/terms", "checks/terms/codes", "checks/terms/drugs", "checks/terms/forms",
		"checks/terms/site",
	},
	"checks/terms/forms": {
		"checks/terms/codes", "checks/terms/data", "checks/terms/drugs", "checks/terms/phrase",
	},
	"checks/terms/labs": {"checks/terms/data", "checks/terms/phrase"},
	"checks/terms/names": {
		"checks/terms/data", "checks/terms/drugs", "checks/terms/forms", "checks/terms/phrase",
		"checks/terms/strength",
	},
	"checks/terms/phrase": {},
	"checks/terms/rrf": {
		"checks/terms", "checks/terms/codes", "checks/terms/drugs", "checks/terms/forms",
		"checks/terms/site", "checks/terms/strength",
	},
	"checks/terms/site": {
		"checks/terms/codes", "checks/terms/data", "checks/terms/drugs", "checks/terms/phrase",
	},
	"checks/terms/strength":  {"checks/terms/phrase"},
	"checks/unread":          {},
	"checks/words":           {},
	"cmd/rlsguard/approvals": {"checks", "checks/substance"},
	"cmd/rlsguard/await": {
		"checks", "checks/facts", "checks/moment", "cmd/rlsguard/connect", "cmd/rlsguard/show",
		"cmd/rlsguard/terminal", "consumers/jet", "consumers/watch",
	},
	"cmd/rlsguard/casetest": {
		"checks/silence", "cmd/rlsguard/connect", "cmd/rlsguard/settings", "cmd/rlsguard/terminal",
		"consumers/cases", "consumers/cases/cds", "consumers/cases/junit", "consumers/fold",
		"consumers/ordercheck",
	},
	"cmd/rlsguard/connect": {
		"cmd/rlsguard/settings", "cmd/rlsguard/terminal", "consumers", "consumers/cdshooks",
		"consumers/cdshooks/token", "consumers/commit", "consumers/embedded", "consumers/health",
		"consumers/jet", "consumers/ordercheck", "consumers/page", "consumers/patients",
	},
	"cmd/rlsguard/dead": {
		"cmd/rlsguard/connect", "cmd/rlsguard/terminal", "consumers/jet", "consumers/layout",
		"consumers/operate", "fhir",
	},
	"cmd/rlsguard/files": {
		"checks", "checks/facts", "checks/silence", "cmd/rlsguard/terminal", "consumers/fold",
		"consumers/layout", "fhir",
	},
	"cmd/rlsguard/help": {},
	"cmd/rlsguard/pace": {},
	"cmd/rlsguard/review": {
		"checks", "checks/exercise", "checks/substance", "cmd/rlsguard/approvals",
		"cmd/rlsguard/settings", "cmd/rlsguard/terminal", "consumers/rehearse",
	},
	"cmd/rlsguard/sealed": {"cmd/rlsguard/connect"},
	"cmd/rlsguard/settings": {
		"checks", "checks/terms", "checks/terms/site", "checks/words", "cmd/rlsguard/approvals",
		"consumers/ordercheck", "fhir",
	},
	"cmd/rlsguard/show": {
		"checks", "checks/ahead", "checks/clears", "checks/facts", "checks/moment",
		"checks/silence", "cmd/rlsguard/files", "cmd/rlsguard/terminal", "consumers/due",
		"consumers/ordercheck", "fhir/issue",
	},
	"cmd/rlsguard/tables": {
		"checks", "checks/silence", "checks/terms", "checks/terms/codes", "checks/terms/dmd",
		"checks/terms/drugs", "checks/terms/fda", "checks/terms/rrf", "checks/terms/site",
		"cmd/rlsguard/files", "cmd/rlsguard/settings", "cmd/rlsguard/terminal",
	},
	"cmd/rlsguard/terminal": {},
	"consumers": {
		"checks", "checks/facts", "checks/silence", "consumers/audit", "consumers/commit",
		"consumers/decided", "consumers/embedded", "consumers/fold", "consumers/health",
		"consumers/jet", "consumers/layout", "fhir",
	},
	"consumers/asked": {},
	"consumers/audit": {"consumers/jet", "consumers/layout"},
	"consumers/cases": {
		"checks", "checks/decimal", "checks/facts", "checks/silence", "checks/terms",
		"checks/terms/codes", "checks/terms/conditions", "checks/terms/drugs", "checks/terms/labs",
		"consumers/fold", "fhir", "fhir/issue",
	},
	"consumers/cases/cds":   {"consumers/cases"},
	"consumers/cases/junit": {"consumers/cases"},
	"consumers/cdshooks": {
		"checks", "checks/clears", "checks/facts", "checks/moment", "consumers/cdshooks/hook",
		"consumers/cdshooks/token", "consumers/commit", "consumers/jet", "consumers/layout",
		"consumers/ordercheck", "consumers/watch", "fhir", "fhir/issue",
	},
	"consumers/cdshooks/hook":  {"checks/facts", "consumers/ordercheck", "fhir"},
	"consumers/cdshooks/token": {},
	"consumers/certtest":       {},
	"consumers/commit": {
		"checks", "checks/codec", "checks/facts", "consumers/fold", "consumers/health",
		"consumers/jet", "consumers/layout", "fhir",
	},
	"consumers/decided": {"consumers/jet", "consumers/layout"},
	"consumers/due":     {"checks", "checks/ahead", "checks/facts", "checks/moment", "fhir/datetime"},
	"consumers/embedded": {
		"consumers/embedded/blocks", "consumers/jet", "consumers/layout", "consumers/parallel",
		"deploy",
	},
	"consumers/embedded/blocks": {"consumers/layout"},
	"consumers/fold":            {"checks", "checks/facts", "consumers/parallel", "fhir"},
	"consumers/health":          {"checks", "checks/silence", "consumers/fold"},
	"consumers/jet":             {"consumers/layout"},
	"consumers/layout":          {"checks", "checks/codec", "checks/facts", "fhir", "fhir/issue"},
	"consumers/operate": {
		"checks", "checks/codec", "checks/facts", "consumers/audit", "consumers/commit",
		"consumers/decided", "consumers/fold", "consumers/jet", "consumers/layout",
		"consumers/parallel", "fhir", "fhir/issue",
	},
	"consumers/ordercheck": {
		"checks", "checks/ahead", "checks/clears", "checks/facts", "checks/moment", "checks/terms",
		"checks/terms/codes", "checks/terms/labs", "consumers/asked", "consumers/commit",
		"consumers/fold", "consumers/layout", "fhir", "fhir/datetime", "fhir/issue",
	},
	"consumers/outcomes": {"checks", "checks/ahead", "checks/clears", "checks/facts"},
	"consumers/page": {
		"checks", "checks/ahead", "checks/clears", "checks/facts", "checks/moment",
		"consumers/cdshooks/token", "consumers/jet", "consumers/layout", "consumers/ordercheck",
		"consumers/page/chart", "consumers/timeline", "consumers/watch", "fhir/datetime",
	},
	"consumers/page/chart": {"checks", "checks/facts", "checks/record", "consumers/timeline"},
	"consumers/parallel":   {},
	"consumers/patients": {
		"checks", "checks/facts", "checks/record", "consumers/asked", "consumers/commit",
		"consumers/fold", "consumers/jet", "consumers/layout", "consumers/timeline", "fhir/issue",
	},
	"consumers/publish":      {"consumers/jet", "consumers/layout"},
	"consumers/rehearse":     {"checks", "checks/decimal", "checks/facts", "checks/terms"},
	"consumers/rlsguardtest": {"checks", "checks/facts", "consumers/fold", "fhir"},
	"consumers/rlsguardtest/bustest": {
		"checks", "consumers", "consumers/commit", "consumers/embedded", "consumers/fold",
		"consumers/health", "consumers/jet", "consumers/layout", "consumers/ordercheck",
		"consumers/patients", "consumers/publish", "consumers/watch", "fhir",
	},
	"consumers/sim": {
		"checks", "checks/codec", "checks/facts", "checks/moment", "checks/terms/codes",
		"consumers/audit", "consumers/commit", "consumers/fold", "consumers/jet",
		"consumers/layout", "fhir",
	},
	"consumers/timeline": {
		"checks", "checks/facts", "checks/record", "checks/silence", "consumers/fold",
		"consumers/ordercheck",
	},
	"consumers/watch": {"checks", "consumers/jet", "consumers/layout", "fhir/issue"},
	"deploy":          {},
	"fhir": {
		"checks", "checks/facts", "checks/moment", "checks/terms", "checks/terms/codes",
		"checks/terms/conditions", "checks/terms/labs", "checks/unread", "fhir/datetime",
		"fhir/issue", "fhir/scan",
	},
	"fhir/datetime": {"checks/moment", "fhir/scan"},
	"fhir/issue": {
		"checks", "checks/ahead", "checks/clears", "checks/facts", "checks/moment",
		"checks/terms/codes", "fhir/datetime", "fhir/scan",
	},
	"fhir/scan": {},
}

// mayUse are packages of others that the pure rooms may import, beside the standard library.
var mayUse = map[string][]string{
	"checks":       {"github.com/cockroachdb/apd/v3"},
	"checks/terms": {},
	"checks/codec": {},
	"fhir": {
		"github.com/google/uuid", "github.com/klauspost/compress/gzip",
		"github.com/samply/golang-fhir-models/fhir-models/fhir",
	},
}

func TestImportsRunOneWay(t *testing.T) {
	m := house(t)
	for _, p := range m.rooms() {
		allowed, known := mayImport[p.short]
		if !known && p.Name != "main" {
			t.Errorf("%s is a new room: say in mayImport what it may import", p.short)
			continue
		}
		for path := range p.Imports {
			if within, ours := strings.CutPrefix(path, m.path+"/"); ours && known && !slices.Contains(allowed, within) {
				t.Errorf("%s imports %s", p.short, within)
			}
		}
	}
}

func TestPureRoomsUseFewLibraries(t *testing.T) {
	m := house(t)
	for _, p := range m.rooms() {
		allowed, pure := mayUse[p.short]
		if !pure {
			continue
		}
		for path := range p.Imports {
			if strings.Contains(path, ".") && !strings.HasPrefix(path, m.path) && !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", p.short, path)
			}
		}
	}
}

// worldly are the packages of the standard library by which a pure room would learn of the world:
// files, network, processes, logs.
var worldly = []string{
	"os",
	"log",
	"log/slog",
	"net",
	"net/http",
	"io/fs",
	"syscall",
	"os/exec",
	"runtime",
	"math/rand",
	"math/rand/v2",
}

// clocks are functions that read a clock, or wait for one.
var clocks = []string{
	"time.Now",
	"time.Since",
	"time.Until",
	"time.Sleep",
	"time.After",
	"time.NewTimer",
	"time.NewTicker",
	"time.Tick",
}

func TestChecksAndFHIRKnowNoWorld(t *testing.T) {
	m := house(t)
	for _, p := range m.rooms() {
		if p.top() != "checks" && p.top() != "fhir" {
			continue
		}
		for path := range p.Imports {
			if slices.Contains(worldly, path) && !worldlyExempt(p.short, path) {
				t.Errorf("%s imports %s", p.short, path)
			}
		}
		for id, o := range p.TypesInfo.Uses {
			if f, ok := o.(*types.Func); ok && slices.Contains(clocks, f.FullName()) {
				t.Errorf("%s: %s: time is an argument here", m.fset.Position(id.Pos()), f.FullName())
			}
		}
	}
}

// worldlyExempt names what has a reason.
func worldlyExempt(room, path string) bool {
	return room == "checks/terms/rrf" || // reads a folder of the National Library of Medicine
		room == "checks/terms/site" && path == "io/fs" // the size of an open file
}

// halls are the rooms that may hold more names than others, and how many.
var halls = map[string]int{"checks": 440, "fhir": 330}

const mostNames = 100

func TestRoomsAreSmall(t *testing.T) {
	for _, p := range house(t).rooms() {
		most := mostNames
		if n, ok := halls[p.short]; ok {
			most = n
		}
		names := p.names()
		if p.short == "consumers/layout" { // subjects, headers and streams: its constants are its point
			names = slices.DeleteFunc(
				names,
				func(o types.Object) bool { _, isConst := o.(*types.Const); return isConst },
			)
		}
		if len(names) > most {
			t.Errorf("%s has %d names in one scope; %d are allowed", p.short, len(names), most)
		}
	}
}

func TestExportedMeansUsedElsewhere(t *testing.T) {
	m := house(t)
	for _, p := range m.rooms() {
		for _, o := range m.idle(p) {
			t.Errorf("%s: %s is exported and no other package uses it", m.fset.Position(o.Pos()), o.Name())
		}
	}
}

// TestWallsAreNotPaintedOver refuses what makes a name of one room look like another's: aliases,
// dot imports, variables that are another room's function.
func TestWallsAreNotPaintedOver(t *testing.T) {
	m := house(t)
	for _, p := range m.rooms() {
		for _, s := range p.files {
			for _, i := range s.syntax.Imports {
				path, _ := strconv.Unquote(i.Path.Value)
				if i.Name != nil && strings.HasPrefix(path, m.path) {
					t.Errorf("%s: %s is imported under another name", m.fset.Position(i.Pos()), path)
				}
			}
			for _, d := range s.syntax.Decls {
				if g, ok := d.(*ast.GenDecl); ok {
					for _, spec := range g.Specs {
						if facade(p, m.path, spec) {
							t.Errorf(
								"%s: only another room's name under a name of its own",
								m.fset.Position(spec.Pos()),
							)
						}
					}
				}
			}
		}
	}
}

func facade(p *room, module string, spec ast.Spec) bool {
	foreign := func(e ast.Expr) bool {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok {
			return false
		}
		name, ok := p.TypesInfo.Uses[id].(*types.PkgName)
		return ok && strings.HasPrefix(name.Imported().Path(), module)
	}
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Assign.IsValid() && foreign(s.Type)
	case *ast.ValueSpec:
		return len(s.Values) > 0 && !slices.ContainsFunc(s.Values, func(e ast.Expr) bool { return !foreign(e) })
	}
	return false
}

func TestLinesFitAScreen(t *testing.T) {
	if places := house(t).wideLines(); len(places) > 0 {
		t.Errorf("%d lines are wider than %d columns:\n%s", len(places), widest, strings.Join(places, "\n"))
	}
}

// aSkip is a test that leaves itself out.
var aSkip = regexp.MustCompile(`\b[a-z]+\.Skip(f|Now)?\((.*)`)

// TestSkipsSayWhy: what is left out is named in the summary of a run, so it needs words.
func TestSkipsSayWhy(t *testing.T) {
	for _, s := range house(t).tests {
		for i, l := range s.lines {
			if found := aSkip.FindSubmatch(l); found != nil && !strings.Contains(string(found[2]), `"`) {
				t.Errorf("%s:%d: a skip without words", s.name, i+1)
			}
		}
	}
}

// TestSkipsEndNoLoop: a skip in a loop leaves out all that the loop had still to try.
func TestSkipsEndNoLoop(t *testing.T) {
	m := house(t)
	for _, s := range m.tests {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			var body *ast.BlockStmt
			switch n := n.(type) {
			case *ast.ForStmt:
				body = n.Body
			case *ast.RangeStmt:
				body = n.Body
			default:
				return true
			}
			if at := skipIn(body); at.IsValid() {
				t.Errorf(
					"%s: a skip in a loop ends the whole test: give each round a t.Run of its own",
					m.fset.Position(at),
				)
			}
			return true
		})
	}
}

// skipIn is where a block skips the test that it belongs to: a function in it may be another test.
func skipIn(body *ast.BlockStmt) (at token.Pos) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.SelectorExpr:
			if name := n.Sel.Name; name == "Skip" || name == "Skipf" || name == "SkipNow" {
				at = n.Pos()
			}
		}
		return true
	})
	return at
}

func TestEveryRoomSaysWhatItIsFor(t *testing.T) {
	for _, p := range house(t).rooms() {
		var doc strings.Builder
		for _, s := range p.files {
			doc.WriteString(s.syntax.Doc.Text())
		}
		want := fmt.Sprintf("Package %s ", p.Name)
		if p.Name == "main" {
			want = "Command "
		}
		if !strings.Contains(doc.String(), want) {
			t.Errorf("%s has no comment of its own", p.short)
		} else if !strings.Contains(doc.String(), "must not") {
			t.Errorf("%s does not say what it must not know", p.short)
		}
	}
}
