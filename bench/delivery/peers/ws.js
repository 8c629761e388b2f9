// node's ws: what a publisher says at /pub/… goes to every other client.
const { WebSocketServer, WebSocket } = require("ws");

const server = new WebSocketServer({
  host: "127.0.0.1", port: Number(process.argv[2]), perMessageDeflate: false, backlog: 4096,
});
server.on("connection", (client, request) => {
  if (!request.url.startsWith("/pub")) return;
  client.publishes = true;
  client.on("message", (data) => {
    const text = data.toString();
    for (const other of server.clients) {
      if (!other.publishes && other.readyState === WebSocket.OPEN) other.send(text, { binary: false });
    }
  });
});
