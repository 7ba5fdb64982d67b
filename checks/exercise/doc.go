// Package exercise holds the cases that exercise the checks, in lines a pharmacist can read, and
// reads them into facts. The files in cases say what a check must do. A case begins with "# title";
// its lines are facts, and those after "->" are the exact findings:
//
//	as-of 2026-11-23
//	person female 1974-05-14
//	rls confirmed [remission, provisional, refuted, resolved, text, ...] [recorded 2026-01-02] [abated 2026-02-03]
//	condition SYSTEM CODE
//	request active rx:312938 2026-10-14 [as-needed route:topical bounds:2026-10-14..2026-10-16 supply:30 ...]
//	lab ferritin 152 ng/mL 2026-10-24 [preliminary] [specimen:a]
//	cut conditions
//	-> rls-ssri sertraline moderate
//	silent rls-ssri order-stopped
//
// The cases are part of the program: the answers of a check are part of what a reviewer approves,
// so that a change of its logic shows.
//
// It must not know what a check is or how it decides; callers evaluate.
package exercise
