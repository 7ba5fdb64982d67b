package embedded

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

// WebSocket is where browsers connect, which speak NATS over WebSocket only.
type WebSocket struct {
	// Listen is host:port; port 0 picks one, and "" opens none. It takes TLS and users as
	// Options.Listen does.
	Listen string
	// Origins are those of the pages that may connect. Without any only a page of the address itself
	// may. Programs that are no browsers name no origin, and are not asked for one.
	Origins []string
}

// webSocketName is the file in the data folder that says where browsers connect.
const webSocketName = "websocket.url"

// configureWebSocket opens it in s.
func (o *Options) configureWebSocket(s *server.Options) error {
	if o.WebSocket.Listen == "" || o.Private {
		return nil
	}
	host, port, err := listenAddress(o.WebSocket.Listen, o)
	if err != nil {
		return fmt.Errorf("WebSocket: %w", err)
	}
	s.Websocket = server.WebsocketOpts{
		Host: host, Port: port, TLSConfig: o.TLS, NoTLS: o.TLS == nil, // on this machine only: see listenAddress
		SameOrigin: len(o.WebSocket.Origins) == 0, AllowedOrigins: o.WebSocket.Origins,
	}
	return nil
}

// announceWebSocket writes down where it is, and keeps the port for when the server has to start
// again.
func (e *Embedded) announceWebSocket() error {
	path := filepath.Join(e.options.Dir, webSocketName)
	if e.server.Websocket.Port == 0 {
		return gone(path)
	}
	address := e.Current().WebsocketURL()
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if e.server.Websocket.Port, err = strconv.Atoi(u.Port()); err != nil {
		return err
	}
	e.options.Log.Info().Str("websocket", address).Msg("NATS over WebSocket")
	return WriteFile(path, []byte(address+"\n"))
}
