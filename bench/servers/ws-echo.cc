// A WebSocket server that answers each message with itself: `ws-echo PORT`.
#include <cstdlib>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

struct Config : websocketpp::config::asio {
  static const size_t connection_read_buffer_size = 64 * 1024;
};
using Server = websocketpp::server<Config>;

int main(int, char** argv) {
  Server server;
  server.clear_access_channels(websocketpp::log::alevel::all);
  server.clear_error_channels(websocketpp::log::elevel::all);
  server.init_asio();
  server.set_listen_backlog(4096);
  server.set_tcp_post_init_handler([&server](websocketpp::connection_hdl connection) {
    server.get_con_from_hdl(connection)->get_raw_socket().set_option(asio::ip::tcp::no_delay(true));
  });
  server.set_message_handler(
      [&server](websocketpp::connection_hdl connection, Server::message_ptr message) {
        server.send(connection, message->get_payload(), message->get_opcode());
      });
  server.listen(asio::ip::tcp::v4(), static_cast<uint16_t>(atoi(argv[1])));
  server.start_accept();
  server.run();
}
