// Reads the flags in a browser, or anywhere else that has WebSocket: what is open, then what changes.
import { wsconnect } from "@nats-io/nats-core";
import { jetstream } from "@nats-io/jetstream";

export async function follow(servers, pass, show) {
  const nc = await wsconnect({ servers, user: "dashboard", pass, inboxPrefix: "_INBOX_dashboard" });
  const flags = await jetstream(nc, { domain: "RLSGUARD" }).consumers.get("RLS_FLAGS"); // ordered; without a durable name
  for await (const m of await flags.consume()) {
    show(m.headers.get("Rls-Transition"), m.json().status, m.subject);
  }
}
