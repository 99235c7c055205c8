// A table by socket for systems where a socket may be any number, as it is on Windows.
#ifndef LWS_SS_NATIVE_LOOP_SOCKET_MAP_H_
#define LWS_SS_NATIVE_LOOP_SOCKET_MAP_H_

#include <unordered_map>
#include <vector>

// Does not own what it points to.
template <class Socket, class T>
class SocketMap {
 public:
  T* Find(Socket socket) const {
    const auto found = all_.find(socket);
    return found == all_.end() ? nullptr : found->second;
  }

  void Set(Socket socket, T* value) { all_[socket] = value; }

  void Erase(Socket socket) { all_.erase(socket); }

  std::vector<T*> All() const {
    std::vector<T*> all;
    for (const auto& entry : all_) all.push_back(entry.second);
    return all;
  }

 private:
  std::unordered_map<Socket, T*> all_;
};

#endif
