package layout

// SubjectWipe is where the server inside rlsguard is asked to overwrite what its streams no longer
// hold but its files still do: messages that were replaced, purged or expired. An empty request is
// answered at once. On any other NATS server nobody answers.
const SubjectWipe = "rls.wipe"

// WipeRequest names messages: in Streams by a part of their subjects, which is the token of a
// resource or a flag id; in Whole all of them. Those that a stream still holds are left alone.
type WipeRequest struct {
	Streams []string `json:"streams,omitempty"`
	Keys    []string `json:"keys,omitempty"`
	Whole   []string `json:"whole,omitempty"`
}

// WipeAnswer tells what was done.
type WipeAnswer struct {
	Records int    `json:"records"`         // overwritten
	Unread  int    `json:"unread"`          // files that could not be read to their end
	Aside   bool   `json:"aside"`           // copies of damaged streams are kept beside, and were not searched
	Error   string `json:"error,omitempty"` // why it was not done
}
