package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// module is a checkout, read with its types.
type module struct {
	path     string // of the module
	dir      string
	fset     *token.FileSet
	packages []*room
	tests    []source            // all test files
	used     map[string]struct{} // where names are declared that another package uses
	handed   map[string]struct{} // where types are declared that a used name hands out or takes
}

// room is a package without its tests.
type room struct {
	*packages.Package
	short string // path within the module
	files []source
}

// source is a file as it was read.
type source struct {
	name   string // within the module
	lines  [][]byte
	syntax *ast.File
}

const mode = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports |
	packages.NeedTypes | packages.NeedTypesInfo | packages.NeedSyntax | packages.NeedModule | packages.NeedForTest

// load reads the module that dir lies in. Its error names a package that does not compile.
func load(dir string) (*module, error) {
	m := &module{fset: token.NewFileSet(), used: map[string]struct{}{}, handed: map[string]struct{}{}}
	loaded, err := packages.Load(&packages.Config{Mode: mode, Dir: dir, Fset: m.fset, Tests: true}, "./...")
	if err != nil {
		return nil, err
	}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %w", p.ID, p.Errors[0])
		}
		if p.Module != nil {
			m.path, m.dir = p.Module.Path, p.Module.Dir
		}
	}
	for _, p := range loaded {
		if err := m.take(p); err != nil {
			return nil, err
		}
	}
	m.noteHanded()
	slices.SortFunc(m.packages, func(a, b *room) int { return strings.Compare(a.short, b.short) })
	return m, nil
}

func (m *module) take(p *packages.Package) error {
	m.noteUses(p)
	plain := p.ForTest == "" && !strings.HasSuffix(p.ID, ".test")
	r := &room{Package: p, short: strings.TrimPrefix(strings.TrimPrefix(p.PkgPath, m.path), "/")}
	for _, f := range p.Syntax {
		name := m.fset.Position(f.Package).Filename
		test := strings.HasSuffix(name, "_test.go")
		if !strings.HasPrefix(name, m.dir+string(filepath.Separator)) || test == plain || !test && !plain {
			continue
		}
		s, err := m.read(name)
		if err != nil {
			return err
		}
		s.syntax = f
		if test {
			m.tests = append(m.tests, s)
			continue
		}
		r.files = append(r.files, s)
	}
	if plain && len(r.files) > 0 {
		m.packages = append(m.packages, r)
	}
	return nil
}

func (m *module) read(name string) (source, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	within, err := filepath.Rel(m.dir, name)
	return source{
		name:  filepath.ToSlash(within),
		lines: bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")),
	}, err
}

// noteUses remembers which names of other packages p mentions. A test of a package's own, inside or
// beside it, is part of that package.
func (m *module) noteUses(p *packages.Package) {
	own := strings.TrimSuffix(p.PkgPath, "_test")
	for _, o := range p.TypesInfo.Uses {
		if o.Pkg() != nil && o.Pkg().Path() != own && strings.HasPrefix(o.Pkg().Path(), m.path) {
			m.used[m.place(o)] = struct{}{}
		}
	}
}

// place identifies a name by where it is declared: tests see other objects of the same name.
func (m *module) place(o types.Object) string {
	switch g := o.(type) {
	case *types.Var:
		o = g.Origin()
	case *types.Func:
		o = g.Origin()
	}
	return m.fset.Position(o.Pos()).String()
}

// rooms are the packages that the product is made of: not the tools beside it.
func (m *module) rooms() []*room {
	var rooms []*room
	for _, p := range m.packages {
		if !strings.HasPrefix(p.short, "deploy/") {
			rooms = append(rooms, p)
		}
	}
	return rooms
}

func (r *room) lines() (n int) {
	for _, f := range r.files {
		n += len(f.lines)
	}
	return n
}

// names are those of the package's scope.
func (r *room) names() []types.Object {
	scope := r.Types.Scope()
	var names []types.Object
	for _, n := range scope.Names() {
		names = append(names, scope.Lookup(n))
	}
	return names
}

func (r *room) exported() []types.Object {
	return slices.DeleteFunc(r.names(), func(o types.Object) bool { return !o.Exported() })
}

// top is the first element of a package's path: cmd, fhir, checks, consumers, deploy.
func (r *room) top() string {
	first, _, _ := strings.Cut(r.short, "/")
	return path.Clean(first)
}
