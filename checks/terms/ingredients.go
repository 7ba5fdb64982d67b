package terms

import (
	"strings"
	"sync"
)

// catalogue holds what is parsed of ingredients.tsv: small, and every answer about a drug needs it.
type catalogue struct {
	all    []*Ingredient          // one per drug, in the order of the table
	byName map[string]*Ingredient // names and aliases of all rows
	byRx   map[string]*Ingredient // ingredient, precise ingredient and salt concepts
}

var ingredients = sync.OnceValue(loadIngredients)

func loadIngredients() *catalogue {
	c := &catalogue{byName: make(map[string]*Ingredient, 448), byRx: make(map[string]*Ingredient, 512)}
	for line := range rows(ingredientsTSV) {
		drug := c.drug(line)
		c.byName[field(line, 0)] = drug
		for alias := range values(field(line, 6)) {
			c.byName[alias] = drug
		}
		// The ingredient's own concept outranks a salt listed under another: 1607975 is ferric pyrophosphate citrate.
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

// drug makes the ingredient of a row. The rows of class lithium are one drug, named after the first of them.
func (c *catalogue) drug(line string) *Ingredient {
	class := Class(field(line, 1))
	if class == Lithium {
		for _, known := range c.all {
			if known.Class == Lithium {
				return known
			}
		}
	}
	drug := &Ingredient{Name: field(line, 0), Class: class, Central: parseCentral(field(line, 2)), Note: field(line, 3)}
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

// Ingredient is the ingredient of that name, or of that alias, in ingredients.tsv. All lithium salts are lithium.
func (t *Terms) Ingredient(name string) (*Ingredient, bool) {
	drug, ok := ingredients().byName[strings.ToLower(name)]
	return drug, ok
}

// IngredientByRxNorm is the ingredient whose own concept, salt or alternate concept in RxNorm has that code.
func (t *Terms) IngredientByRxNorm(code string) (*Ingredient, bool) {
	drug, ok := ingredients().byRx[code]
	return drug, ok
}

// Ingredients are all drugs in the order of ingredients.tsv. The slice is the caller's.
func (t *Terms) Ingredients() []*Ingredient {
	return append([]*Ingredient(nil), ingredients().all...)
}
