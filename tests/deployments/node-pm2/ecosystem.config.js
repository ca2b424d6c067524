module.exports = {
  apps: [{ name: "chat", script: "dist/server.js", cwd: "/opt/chat" }],
};
