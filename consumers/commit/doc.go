// Package commit keeps everything that is known about patients in memory, decides about batches of
// events over it, and writes what that changes, until what was decided on is what is stored.
//
// A WorkingCopy holds the stored states; Known lends it to others for reading. A Committer decides
// and writes. It owns neither a connection nor a clock nor a goroutine, and calls nobody but its
// Store, Health and Intact; what is left to do about a batch it hands back as Decided.
//
// A caller's duties, in order:
//
//  1. let the States take in what is stored (Follow, or Take), and go on doing so;
//  2. ApplyRules, then Heal;
//  3. Begin each batch, and take the answer from Pending to Answer when it comes, or Finish;
//  4. for everything that comes back from these, also beside an error: write dead letters for the
//     results that have a reason, then acknowledge the events, in this order and before anything is
//     done about the error;
//  5. HealSome now and then;
//  6. after an error, throw the Committer away and begin with a new one.
//
// All methods of a Committer are for one goroutine, but for States, OpenFlags and Restore. A
// WorkingCopy is for concurrent use.
//
// The package must not know a connection beyond jet.Store and the follower of states, durable
// consumers, what a dead letter looks like, or how a message is acknowledged.
package commit
