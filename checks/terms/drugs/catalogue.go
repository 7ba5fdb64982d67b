package drugs

import (
	"slices"
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/data"
)

// catalogue is ingredients.tsv parsed: it is small, and every answer about a drug needs it.
type catalogue struct {
	all    []*Ingredient          // one per drug, in table order
	byName map[string]*Ingredient // names and aliases of all rows
	byRx   map[string]*Ingredient // ingredient, precise ingredient and salt concepts
}

var ingredients = sync.OnceValue(loadIngredients)

func loadIngredients() *catalogue {
	c := &catalogue{byName: make(map[string]*Ingredient, 448), byRx: make(map[string]*Ingredient, 512)}
	for line := range data.Rows(data.Ingredients) {
		drug := c.drug(line)
		c.byName[data.Field(line, 0)] = drug
		for alias := range data.Values(data.Field(line, 6)) {
			c.byName[alias] = drug
		}
		// The ingredient's own concept outranks a salt of another: 1607975 is ferric pyrophosphate
		// citrate.
		if rx := data.Field(line, 4); rx != "" {
			c.byRx[rx] = drug
		}
	}
	for line := range data.Rows(data.Ingredients) {
		for rx := range data.Values(data.Field(line, 5)) {
			if _, taken := c.byRx[rx]; !taken {
				c.byRx[rx] = c.byName[data.Field(line, 0)]
			}
		}
	}
	return c
}

// drug makes the ingredient of a row. The rows of class lithium are one drug, named after the
// first.
func (c *catalogue) drug(line string) *Ingredient {
	class := Class(data.Field(line, 1))
	if class == Lithium {
		for _, known := range c.all {
			if known.Class == Lithium {
				return known
			}
		}
	}
	drug := &Ingredient{
		Name:    data.Field(line, 0),
		Class:   class,
		Central: parseCentral(data.Field(line, 2)),
		Note:    data.Field(line, 3),
	}
	c.all = append(c.all, drug)
	return drug
}

func parseCentral(s string) Central {
	switch s {
	case "low":
		return CentralLow
	case "no":
		return CentralNo
	}
	return CentralYes
}

// Find returns the ingredient with that name or alias in ingredients.tsv. All lithium salts are
// lithium.
func Find(name string) (*Ingredient, bool) {
	drug := Named(strings.ToLower(name))
	return drug, drug != nil
}

// Named is the ingredient of a name or alias exactly as in the table; nil if there is none.
func Named(name string) *Ingredient { return ingredients().byName[name] }

// ByRxNorm returns the ingredient whose own concept, salt or alternate concept in RxNorm has that
// code.
func ByRxNorm(code string) (*Ingredient, bool) {
	drug, ok := ingredients().byRx[code]
	return drug, ok
}

// All returns all drugs in the order of ingredients.tsv. The slice is the caller's.
func All() []*Ingredient {
	return append([]*Ingredient(nil), ingredients().all...)
}

func ParseSystemic(s string) Systemic {
	switch s {
	case "yes":
		return SystemicYes
	case "no":
		return SystemicNo
	case "low_absorbed":
		return SystemicLowAbsorbed
	case "depends":
		return SystemicDepends
	}
	return SystemicUnknown
}

// Classes are the classes of some drugs, sorted, without duplicates.
func Classes(listed []*Ingredient) []Class {
	classes := make([]Class, 0, 2)
	for _, drug := range listed {
		classes = append(classes, drug.Class)
	}
	slices.Sort(classes)
	return slices.Compact(classes)
}

// List turns the ingredients field of a table into ingredients, without duplicates.
func List(list string) []*Ingredient {
	found := make([]*Ingredient, 0, 2)
	for name := range data.Values(list) {
		if drug := Named(name); drug != nil && !slices.Contains(found, drug) {
			found = append(found, drug)
		}
	}
	return found
}
