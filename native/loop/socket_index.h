// A table by socket for systems where a socket is a small number, as it is on POSIX.
#ifndef LWS_SS_NATIVE_LOOP_SOCKET_INDEX_H_
#define LWS_SS_NATIVE_LOOP_SOCKET_INDEX_H_

#include <cstddef>
#include <vector>

// Does not own what it points to. To find something takes one access to memory.
template <class Socket, class T>
class SocketIndex {
 public:
  T* Find(Socket socket) const {
    const auto place = static_cast<size_t>(socket);
    return place < all_.size() ? all_[place] : nullptr;
  }

  void Set(Socket socket, T* value) {
    const auto place = static_cast<size_t>(socket);
    if (place >= all_.size()) all_.resize(place + 1);
    all_[place] = value;
  }

  void Erase(Socket socket) {
    const auto place = static_cast<size_t>(socket);
    if (place < all_.size()) all_[place] = nullptr;
  }

  std::vector<T*> All() const {
    std::vector<T*> all;
    for (T* value : all_)
      if (value) all.push_back(value);
    return all;
  }

 private:
  std::vector<T*> all_;
};

#endif
