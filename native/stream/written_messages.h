// Messages that lws has taken whole, may not have given to the socket yet, and that the peer will
// not acknowledge.
#ifndef LWS_SS_NATIVE_STREAM_WRITTEN_MESSAGES_H_
#define LWS_SS_NATIVE_STREAM_WRITTEN_MESSAGES_H_

#include <algorithm>
#include <cstdint>

class WrittenMessages {
 public:
  bool is_empty() const { return count_ == 0; }

  // They leave in the order of their ids, which wrap; one in between may have been given up.
  void Add(uint32_t id) {
    if (count_ == 0) first_ = id;
    const auto from_first = static_cast<int32_t>(id - first_);
    if (from_first < 0) {
      first_ = id;
      count_ -= from_first;
    } else {
      count_ = std::max(count_, static_cast<uint32_t>(from_first) + 1);
    }
  }

  void Clear() { count_ = 0; }

  // Calls each(id) for all, and forgets them.
  template <class Each>
  void Take(Each each) {
    const uint32_t count = count_;
    count_ = 0;
    for (uint32_t n = 0; n < count; n++) each(first_ + n);
  }

 private:
  uint32_t first_ = 0, count_ = 0;
};

#endif
