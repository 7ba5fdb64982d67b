package terms

import (
	"strings"
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// catalogue holds what is parsed of ingredients.tsv: small, and every answer about a drug needs it.
type catalogue struct {
	all    []*drugs.Ingredient          // one per drug, in the order of the table
	byName map[string]*drugs.Ingredient // names and aliases of all rows
	byRx   map[string]*drugs.Ingredient // ingredient, precise ingredient and salt concepts
}

var ingredients = sync.OnceValue(loadIngredients)

func loadIngredients() *catalogue {
	c := &catalogue{byName: make(map[string]*drugs.Ingredient, 448), byRx: make(map[string]*drugs.Ingredient, 512)}
	for line := range rows(ingredientsTSV) {
		drug := c.drug(line)
		c.byName[field(line, 0)] = drug
		for alias := range values(field(line, 6)) {
			c.byName[alias] = drug
		}
		// The ingredient's own concept outranks a salt listed under another: 1607975 is ferric
		// pyrophosphate citrate.
		if rx := field(line, 4); rx != "" {
			c.byRx[rx] = drug
		}
	}
	for line := range rows(ingredientsTSV) {
		for rx := range values(field(line, 5)) {
			if _, taken := c.byRx[rx]; !taken {
				c.byRx[rx] = c.byName[field(line, 0)]
			}
		}
	}
	return c
}

// drug makes the ingredient of a row. The rows of class lithium are one drug, named after the first
// of them.
func (c *catalogue) drug(line string) *drugs.Ingredient {
	class := drugs.Class(field(line, 1))
	if class == drugs.Lithium {
		for _, known := range c.all {
			if known.Class == drugs.Lithium {
				return known
			}
		}
	}
	drug := &drugs.Ingredient{
		Name:    field(line, 0),
		Class:   class,
		Central: parseCentral(field(line, 2)),
		Note:    field(line, 3),
	}
	c.all = append(c.all, drug)
	return drug
}

func parseCentral(s string) drugs.Central {
	switch s {
	case "low":
		return drugs.CentralLow
	case "no":
		return drugs.CentralNo
	}
	return drugs.CentralYes
}

// Ingredient is the ingredient of that name, or of that alias, in ingredients.tsv. All lithium
// salts are lithium.
func (t *Terms) Ingredient(name string) (*drugs.Ingredient, bool) {
	drug, ok := ingredients().byName[strings.ToLower(name)]
	return drug, ok
}

// IngredientByRxNorm is the ingredient whose own concept, salt or alternate concept in RxNorm has
// that code.
func (t *Terms) IngredientByRxNorm(code string) (*drugs.Ingredient, bool) {
	drug, ok := ingredients().byRx[code]
	return drug, ok
}

// Ingredients are all drugs in the order of ingredients.tsv. The slice is the caller's.
func (t *Terms) Ingredients() []*drugs.Ingredient {
	return append([]*drugs.Ingredient(nil), ingredients().all...)
}
