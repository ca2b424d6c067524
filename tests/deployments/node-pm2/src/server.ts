import "dotenv/config";
import express from "express";

const key = process.env.SESSION_KEY!;
express().listen(Number(process.env.PORT ?? 3000), () => console.log(key.length));
