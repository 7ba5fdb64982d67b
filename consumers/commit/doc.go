// Package commit keeps everything known about patients in memory, decides about batches of events,
// and writes what that changes, until what was decided on is what is stored.
//
// A WorkingCopy holds the stored states; Known lends it to others for reading. A Committer decides
// and writes. It owns no connection, clock or goroutine, and calls only its Store, Health and
// Intact; what remains to be done about a batch it returns as Decided.
//
// A caller must, in this order:
//
//  1. let the States take in what is stored (Follow, or Take), and keep doing so;
//  2. ApplyRules, then Heal;
//  3. Begin each batch, and pass the answer from Pending to Answer when it comes, or Finish;
//  4. for everything these return, even beside an error: write dead letters for results with a
//     reason, then acknowledge the events, in this order and before acting on the error;
//  5. HealSome now and then;
//  6. after an error, discard the Committer and start a new one.
//
// All methods of a Committer are for one goroutine, except States, OpenFlags and Restore. A
// WorkingCopy is safe for concurrent use.
//
// The package must not know a connection beyond jet.Store and the follower of states, durable
// consumers, what a dead letter looks like, or how a message is acknowledged.
package commit
