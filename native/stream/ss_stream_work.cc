// What a stream does from a clean stack: what JavaScript has asked for since, and what follows from
// what lws has said.
#include <utility>

#include "context/ss_context.h"
#include "loop/event_loop.h"
#include "lws/prefetch.h"
#include "stream/request_exchange.h"
#include "stream/ss_stream.h"

void SsStream::PrefetchConnection() const {
  if (!is_there()) return;
  link_.ops->prefetch_connection(&link_);
  prefetch(exchange_.get(), sizeof(RequestExchange));
}

void SsStream::PrefetchSocket(const EventLoop& loop) const {
  if (!is_there()) return;
  const lws_sockfd_type socket = link_.ops->prefetch_framing(&link_);
  if (socket != LWS_SOCK_INVALID) loop.PrefetchWatcher(socket);
}

void SsStream::Work() {
  is_scheduled_ = false;
  if (!is_there()) return;
  if (life_ == Life::kDoomed) {
    DestroyNow();
    return;
  }
  SsContext::ServiceScope scope(context_);
  Wishes now = std::exchange(wishes_, {});
  exchange_->SettleWritten();
  if (life_ == Life::kClosing && !CloseConnection(now)) return;
  if (is_there() && follow_ && phase() != SS_LINK_BUSY) {
    ChangePolicy();
    if (life_ == Life::kDoomed) return;
  }
  if (is_there()) EndAttempt(now);
  if (is_there()) DoWishes(now);
  if (is_there()) exchange_->Pump();
  if (is_there() && is_peer_done_ && has_handlers_) EndWhenAnswered();
  if (is_there() && ending_) End();
}

// A stream without a connection waits for its next attempt, or it is idle, and then what it had
// begun to send goes nowhere.
void SsStream::EndAttempt(Wishes& now) {
  if (phase() == SS_LINK_BUSY) return;
  if (attempt_ == Attempt::kUnreachable && phase() != SS_LINK_WAITS)
    Heed(link_.ops->back_off(&link_));
  if (phase() == SS_LINK_WAITS) {
    const bool is_answered = attempt_ == Attempt::kConnected || attempt_ == Attempt::kOver;
    if (exchange_->wants_retry(is_answered)) {
      TellRetry(link_.ops->wait(&link_));
      return;
    }
    link_.ops->disconnect(&link_);
    link_.ops->set_failures(&link_, 0);
    now.connect |= awaits_connection_;
  }
  owes_retry_ = false;
  link_.ops->become_idle(&link_);
  if (attempt_ == Attempt::kUnreachable) attempt_ = Attempt::kNone;
  DropStarted();
}

// The number of the attempt has 16 bits, and the wait may have more than 32.
void SsStream::TellRetry(uint64_t wait_ms) {
  if (!std::exchange(owes_retry_, false) || life_ != Life::kOpen) return;
  const auto high = static_cast<uint32_t>(wait_ms >> 32) << 16;
  sink_->Add(StreamEvent::kRetry, link_.ops->failures(&link_) | high,
             static_cast<uint32_t>(wait_ms));
  Schedule();
}

void SsStream::DoWishes(Wishes now) {
  if (exchange_->makes_connection()) {
    // The first message makes a transaction, and with it the connection that was asked for.
    if (now.connect || now.request_tx) exchange_->Pump();
    now.request_tx = false;
  }
  if (is_there() && now.connect_if_idle && !now.request_tx && exchange_->is_empty())
    now.connect |= phase() == SS_LINK_IDLE;
  if (is_there() && now.connect) {
    PrepareConnection();
    Heed(link_.ops->connect(&link_));
  }
  if (is_there() && now.request_tx) {
    PrepareConnection();
    awaits_tx_ = true;
    BeginAnew();
    Heed(link_.ops->request(&link_, now.tx_length));
  }
  if (is_there() && now.set_reading) link_.ops->set_reading(&link_, is_reading_);
  if (is_there() && now.stop_listening) {
    link_.ops->stop_listening(&link_);
    if (!accept_.IsEmpty()) AddEvent(StreamEvent::kEnded, 0, 0);
    Schedule();
  }
}

void SsStream::DestroyNow() {
  if (!is_there()) return;
  life_ = Life::kDoomed;
  SsContext::ServiceScope scope(context_);
  exchange_->SettleWritten();
  link_.ops->destroy(&link_);
}
