// Package conditions knows what diagnosis codes and texts mean: whether they count as restless
// legs, which group they belong to, and what a drug with such a reason is used for.
//
// It must not know a patient's Conditions, their status, or what a check makes of them.
package conditions
