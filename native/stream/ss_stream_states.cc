// What lws says of a stream: its states, and why one is not reached.
#include "stream/ss_stream.h"

lws_ss_state_return_t SsStream::OnState(ss_link* link, lws_ss_constate_t state,
                                        lws_ss_tx_ordinal_t ordinal) {
  return Of(link)->State(state, ordinal);
}

lws_ss_state_return_t SsStream::State(lws_ss_constate_t state, lws_ss_tx_ordinal_t ordinal) {
  // After disconnect() or destroy(), handlers are told only of the state that this leads to.
  const bool is_outcome = state == LWSSSCS_DESTROYING ||
                          (state == LWSSSCS_DISCONNECTED && attempt_ == Attempt::kConnected);
  switch (state) {
    case LWSSSCS_POLL:
      // It is tried again already, without a wait.
      TellRetry(0);
      [[fallthrough]];
    case LWSSSCS_CREATING:
      PrepareConnection();
      break;
    case LWSSSCS_CONNECTING:
      TellRetry(0);
      attempt_ = Attempt::kConnecting;
      use_.Connecting(&link_);
      exchange_->Connecting();
      break;
    case LWSSSCS_CONNECTED:
      OnConnected();
      break;
    case LWSSSCS_UNREACHABLE:
      attempt_ = Attempt::kUnreachable;
      owes_retry_ = true;
      if (keeps_answer_ && link_.ops->answer(&link_).is_refusal) {
        ReadAnswer();
        AddHead();
      }
      TellFailure("closed before established");
      if (link_.ops->failure(&link_).code == SS_LINK_NOT_REPEATED) DropStarted();
      break;
    case LWSSSCS_DISCONNECTED:
      OnDisconnected();
      break;
    case LWSSSCS_SERVER_TXN:
      OnTransaction();
      break;
    case LWSSSCS_SERVER_UPGRADE:
      OnUpgrade();
      break;
    case LWSSSCS_QOS_ACK_REMOTE:
      if (keeps_answer_) AddTrailers();
      exchange_->Acknowledged(ordinal);
      break;
    case LWSSSCS_QOS_NACK_REMOTE:
      if (keeps_answer_) AddTrailers();
      exchange_->Refused(ordinal);
      break;
    case LWSSSCS_ALL_RETRIES_FAILED:
      attempt_ = Attempt::kGaveUp;
      ending_.reset();
      owes_retry_ = false;
      connect_metadata_.reset();
      // disconnect() is no failure, and messages that wait are for the next connection.
      if (life_ == Life::kClosing) return LWSSSSRET_OK;
      awaits_connection_ = false;
      exchange_->Clear();
      break;
    default:
      break;
  }
  Schedule();
  sink_->State(state, ordinal, is_closing() && !is_outcome);
  return state == LWSSSCS_CREATING && life_ == Life::kDoomed ? LWSSSSRET_DESTROY_ME : LWSSSSRET_OK;
}

void SsStream::OnConnected() {
  if (!is_closing()) {
    attempt_ = Attempt::kConnected;
    awaits_connection_ = false;
  }
  ReadAnswer();
  connect_metadata_.reset();
  exchange_->Connected();
  if (keeps_answer_) AddHead();
  use_.Connected(&link_, !kind_.is_transactional() && !exchange_->is_empty());
  if (!is_reading_) wishes_.set_reading = true;
  // In a transaction, lws asks for what is to be sent without being told to.
  if (awaits_tx_ && !kind_.is_transactional()) wishes_.request_tx = true;
}

// Its metadata is what the request says, until the program says something else.
void SsStream::OnTransaction() {
  applied_metadata_.reset();
  ReadAnswer();
  AddRequest();
  exchange_->TransactionBegins();
}

// From here on it is messages that pass.
void SsStream::OnUpgrade() {
  ReadAnswer();
  AddRequest();
  if (!exchange_->keeps_metadata()) return;
  kind_.exchange = Kind::Exchange::kMessages;
  exchange_ = MakeExchange(false);
}

// Its numbers, the endpoint and the words, which may be of several lines, on a line each.
std::string SsStream::Written(const ss_link_failure& failure, const char* words) {
  return std::to_string(failure.number) + ' ' + std::to_string(failure.attempts) + '\n' +
         (failure.endpoint ? failure.endpoint : "") + '\n' + words;
}

// `otherwise` is told when lws does not say why.
void SsStream::TellFailure(const char* otherwise) {
  const ss_link_failure failure = link_.ops->failure(&link_);
  const char* words = *failure.reason ? failure.reason : otherwise;
  if (*words || failure.number || failure.code)
    sink_->AddBytes(StreamEvent::kFailure, Written(failure, words), failure.code);
}
