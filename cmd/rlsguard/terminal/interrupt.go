package terminal

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Interruptible is a context that ends with the first Ctrl-C, or when the process is told to
// terminate. A second one ends the process at once.
func Interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
