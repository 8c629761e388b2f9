// Socket.IO: one room, what anybody emits as "pub" goes to it as "update".
const http = require("http");
const { Server } = require("socket.io");

const server = http.createServer();
const io = new Server(server, {
  transports: ["websocket"], pingInterval: 3600000, pingTimeout: 3600000, perMessageDeflate: false,
});
io.on("connection", (socket) => {
  socket.join("flight-delay");
  socket.on("pub", (data) => io.to("flight-delay").emit("update", data));
});
server.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
