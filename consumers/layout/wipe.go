package layout

// SubjectWipe asks the embedded server to overwrite what its streams no longer hold but its files
// still do: messages replaced, purged or expired. An empty request is answered at once. Other NATS
// servers do not answer.
const SubjectWipe = "rls.wipe"

// WipeRequest names messages: in Streams by a part of their subjects, the token of a resource or a
// flag id; in Whole all of them. Those a stream still holds are left alone.
type WipeRequest struct {
	Streams []string `json:"streams,omitempty"`
	Keys    []string `json:"keys,omitempty"`
	Whole   []string `json:"whole,omitempty"`
}

// WipeAnswer says what was done.
type WipeAnswer struct {
	Records int    `json:"records"`         // overwritten
	Unread  int    `json:"unread"`          // files that could not be read to their end
	Aside   bool   `json:"aside"`           // copies of damaged streams are kept aside, and were not searched
	Error   string `json:"error,omitempty"` // why it was not done
}
