# heyue as one static program, without a shell or a database: set DATABASE_URL and REDIS_URL.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /heyue ./cmd/heyue && mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /heyue /heyue
COPY --from=build --chown=nonroot:nonroot /data /data
ENV HEYUE_ADDR=0.0.0.0:8080 HEYUE_INTERNAL_ADDR=0.0.0.0:8081 HEYUE_DATA_DIR=/data HEYUE_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
USER nonroot
ENTRYPOINT ["/heyue"]
CMD ["serve"]
