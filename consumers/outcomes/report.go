package outcomes

// notes say how to read the figures.
var notes = []string{
	"A flag is a finding of one check about one drug of one patient. What counts is when something was " +
		"decided: flags that opened before the period count under its beginning, and in it for whatever else " +
		"became of them. So open before + opened = resolved (as advised, perhaps, otherwise) + still open.",
	"A flag counts under the severity that it had at its end, or has at the end of the period.",
	"As advised: it was resolved by a change that the flag itself had named under what would clear it, " +
		"such as a result or the end of an order. Perhaps: it had named such a change, and what is kept does " +
		"not tell that change from others, such as a dose or kidney function. Otherwise: by anything else, " +
		"time alone too. A result that was drawn as asked for and is low resolves one flag and opens iron-low " +
		"(superseded): perhaps.",
	"Overridden and acknowledged count flags that got such an answer in the period, by the newest reason; " +
		"an answer that holds on when a flag opens again is not counted twice. They may be open still, or be " +
		"resolved, and count there too.",
	"Acted upon: resolved as advised, or a suggestion of its card was accepted. It is a share of the " +
		"flags that were resolved or overridden in the period, and of answered cards whose flag never opened. " +
		"At most: with those that are perhaps resolved as advised.",
	"Times are medians from opening, also where that was before the period. Flags whose opening is not " +
		"kept any more have none.",
	"Came back: flags that opened in the period and had been open before, for each patient with a flag " +
		"that opened.",
	"Flags of patients who were erased are not in it. Transitions are kept for the days that --audit-days " +
		"of rlsguard serve says: a period before that is told in part.",
}

// Report is what became of flags in a period.
type Report struct {
	From string `json:"from,omitempty"` // first and last day; "" for no bound
	To   string `json:"to,omitempty"`
	Zone string `json:"zone"`
	Rows []Row  `json:"rows"` // by check, worst severity first
	All  Row    `json:"all"`
	// Unclear counts answers to unknown cards; they are in no row.
	Unclear int `json:"answersToUnknownCards,omitempty"`
	// Notes are what a reader must know beside the figures.
	Notes []string `json:"notes"`
}

// Row is the figures of a check and a severity: the flag's severity at its end, or at the end of
// the period. The sum adds up: OpenBefore and Opened are Advised, Perhaps, Otherwise and Open.
type Row struct {
	Check    string `json:"check,omitempty"`
	Severity string `json:"severity,omitempty"`

	OpenBefore int `json:"openBefore"` // when the period began, or since before what is kept
	Opened     int `json:"opened"`

	Advised     int            `json:"resolvedAsAdvised"`
	Perhaps     int            `json:"resolvedPerhapsAsAdvised"`
	PerhapsBy   map[string]int `json:"resolvedPerhapsBy"`
	Otherwise   int            `json:"resolvedOtherwise"`
	OtherwiseBy map[string]int `json:"resolvedOtherwiseBy"`

	Overridden   int            `json:"overridden"`
	OverriddenBy map[string]int `json:"overriddenBy"`
	Acknowledged int            `json:"acknowledged"`

	Open       int `json:"open"` // when the period ended
	Unanswered int `json:"openUnanswered"`

	Medians Medians `json:"medianSeconds"`

	Returned   int     `json:"returned"` // of Opened, flags that had been open before
	Patients   int     `json:"patients"` // with a flag that opened
	PerPatient float64 `json:"returnedPerPatient"`
	MostOften  int     `json:"mostReturnsOfAFlag"`

	Cards Cards `json:"cards"`

	// ActedUpon of Settled; Share is their ratio, nil if nothing is settled, and ShareAtMost the
	// ratio if all those perhaps resolved as advised were so.
	ActedUpon   int      `json:"actedUpon"`
	Settled     int      `json:"settled"`
	Share       *float64 `json:"share"`
	ShareAtMost *float64 `json:"shareAtMost"`
}

// Medians are times from the opening of a flag, in seconds; nil if there is none.
type Medians struct {
	Advised      *int64 `json:"resolvedAsAdvised"`
	Perhaps      *int64 `json:"resolvedPerhapsAsAdvised"`
	Otherwise    *int64 `json:"resolvedOtherwise"`
	Overridden   *int64 `json:"overridden"`
	Acknowledged *int64 `json:"acknowledged"`
}

// Cards are answers to CDS Hooks cards.
type Cards struct {
	Accepted     int            `json:"accepted"`
	Overridden   int            `json:"overridden"`
	OverriddenBy map[string]int `json:"overriddenBy"`
}
