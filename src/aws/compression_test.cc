#include "aws/compression.h"

#include <gtest/gtest.h>

namespace ctk::aws {
namespace {

using std::chrono::milliseconds;

constexpr size_t kPage = 1u << 20;

void see(CompressionChoice& choice, int answers, size_t bytes, Duration transfer) {
  for (int i = 0; i < answers; ++i) choice.came(bytes, transfer);
}

TEST(CompressionChoice, IsAskedForOnceTheLinkIsFoundToBeSlow) {
  CompressionChoice choice(Compression::automatic);
  EXPECT_FALSE(choice.is_asked_for());
  see(choice, 7, kPage, milliseconds(400));
  EXPECT_FALSE(choice.is_asked_for()) << "one answer may be slow for many reasons";
  see(choice, 1, kPage, milliseconds(400));
  EXPECT_TRUE(choice.is_asked_for());
}

TEST(CompressionChoice, IsNotOnAFastLink) {
  CompressionChoice choice(Compression::automatic);
  see(choice, 100, kPage, milliseconds(20));
  EXPECT_FALSE(choice.is_asked_for());
}

TEST(CompressionChoice, StaysBetweenTheTwoBounds) {
  CompressionChoice choice(Compression::automatic);
  see(choice, 80, kPage, milliseconds(60));  // 17 MB/s
  EXPECT_FALSE(choice.is_asked_for());
  see(choice, 8, kPage, milliseconds(400));
  see(choice, 80, kPage / 8, milliseconds(8));  // 16 MB/s
  EXPECT_TRUE(choice.is_asked_for());
  see(choice, 8, kPage / 8, milliseconds(2));
  EXPECT_FALSE(choice.is_asked_for());
}

TEST(CompressionChoice, ShortAnswersSayNothing) {
  CompressionChoice choice(Compression::automatic);
  see(choice, 1000, 2000, milliseconds(40));
  EXPECT_FALSE(choice.is_asked_for());
}

TEST(CompressionChoice, WhatWasWishedIsSo) {
  CompressionChoice on(Compression::on), off(Compression::off);
  see(on, 100, kPage, milliseconds(1));
  see(off, 100, kPage, milliseconds(900));
  EXPECT_TRUE(on.is_asked_for());
  EXPECT_FALSE(off.is_asked_for());
}

}  // namespace
}  // namespace ctk::aws
